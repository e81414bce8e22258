// The yardstick: a bare Node http2 server that answers 200 to everything.
// node node_server.js CERT KEY → prints its port.
const fs = require("fs");
const http2 = require("http2");

const [cert, key] = process.argv.slice(2).map((file) => fs.readFileSync(file));
const server = http2.createSecureServer({ cert, key });
server.on("stream", (stream) => {
  stream.resume();
  stream.on("end", () =>
    stream.respond(
      { ":status": 200, "apns-id": "F4121B12-E0BF-3266-F079-D9253E98BF49" },
      { endStream: true },
    ),
  );
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
