package com.example.push;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A gateway as a process on free ports: {@code apnsim} of the PATH, or of APNSIM_COMMAND.
 *
 * <p>It ends with {@link #close()}, and with this JVM however that ends: apnsim watches its standard
 * input, which closes then.
 */
public final class ApnsimProcess implements ExtensionContext.Store.CloseableResource {
  private static final Duration START = Duration.ofSeconds(30);

  private final Process process;
  private final Path folder;
  private final JsonObject ready;

  public ApnsimProcess(String... options) throws IOException, InterruptedException {
    folder = Files.createTempDirectory("apnsim-");
    Path readyFile = folder.resolve("ready.json");
    List<String> command = new ArrayList<>();
    String named = System.getenv("APNSIM_COMMAND");
    command.addAll(List.of((named == null || named.isBlank() ? "apnsim" : named).split(" +")));
    command.addAll(
        List.of(
            "serve",
            "--until-eof",
            "--provider-port=0",
            "--manage-port-development=0",
            "--manage-port-production=0",
            "--courier-port=0",
            "--console-port=0",
            "--store=memory",
            "--data-dir=" + folder,
            "--ready-file=" + readyFile));
    command.addAll(List.of(options));
    Path log = folder.resolve("log");
    process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    Instant deadline = Instant.now().plus(START);
    while (!Files.exists(readyFile)) {
      if (!process.isAlive() || Instant.now().isAfter(deadline)) {
        String said = Files.readString(log);
        close();
        throw new IllegalStateException("apnsim did not start; it said:\n" + said);
      }
      Thread.sleep(20);
    }
    ready = JsonParser.parseString(Files.readString(readyFile)).getAsJsonObject();
  }

  /** The control API. */
  public Apnsim apnsim() {
    return new Apnsim(URI.create(ready.get("console_url").getAsString()), null);
  }

  /** Where providers push. */
  public URI provider() {
    return URI.create(ready.get("provider_url").getAsString());
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.getOutputStream().close();
    if (!process.waitFor(20, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
    try (var files = Files.walk(folder)) {
      files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
  }
}
