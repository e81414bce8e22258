// Starts a gateway, says where it and its folder are, and forgets to stop it.
import { start } from "apnsim";

const gateway = await start();
console.log(JSON.stringify({ consoleUrl: gateway.consoleUrl, caFile: gateway.caFile }));
if (process.argv[2] === "throw") throw new Error("a test that failed");
if (process.argv[2] === "kill") setInterval(() => {}, 60_000);
