// The same from CommonJS.
import apnsim = require("apnsim");

export async function start(): Promise<apnsim.Gateway> {
  return apnsim.start({ command: ["python3", "-m", "apnsim"] });
}
