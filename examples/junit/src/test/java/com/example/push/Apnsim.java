package com.example.push;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;

/**
 * The control API of a gateway: phones, apps, what they got, and why they did not.
 *
 * <p>Copy it. {@link ApnsimProcess} or {@link ApnsimContainer} starts the gateway.
 */
public final class Apnsim {
  private static final Duration ANSWER = Duration.ofSeconds(15);

  private final HttpClient http = HttpClient.newBuilder().proxy(HttpClient.Builder.NO_PROXY).build();
  private final URI console;
  private final String token;

  /**
   * @param console such as {@code http://127.0.0.1:2198}
   * @param token the console's bearer token, or null
   */
  public Apnsim(URI console, String token) {
    this.console = console;
    this.token = token;
  }

  /** Where everything is: {@code provider_url}, {@code ca_pem}, {@code keys}, … */
  public JsonObject info() {
    return call("GET", "info", null).getAsJsonObject();
  }

  /** The {@code .p8} of a key that the gateway made, PEM. */
  public String privateKey(String keyId) {
    return text("GET", "keys/" + keyId + "/p8", null, Duration.ZERO);
  }

  /** An app with a bundle id of its own on a new phone, so that tests do not meet. */
  public App app() {
    JsonObject device = call("POST", "devices", Map.of()).getAsJsonObject();
    String path = "devices/" + device.get("id").getAsString();
    String bundleId = "com.example.test-" + UUID.randomUUID().toString().substring(0, 8);
    JsonObject app = call("POST", path + "/apps", Map.of("bundle_id", bundleId)).getAsJsonObject();
    String token = app.getAsJsonObject("tokens").get("alert").getAsString();
    return new App(bundleId, token, path);
  }

  /** Move time forward; what was due has happened when it returns. */
  public void advance(Duration duration) {
    call("POST", "clock/advance", Map.of("seconds", duration.toMillis() / 1000.0));
  }

  /** Let something go wrong; docs/faults.md has the words. */
  public void addRule(Map<String, ?> match, Map<String, ?> action) {
    call("POST", "rules", Map.of("match", match, "action", action));
  }

  /**
   * Any call of the API.
   *
   * @param path relative to {@code /api/v1/}
   * @param body becomes JSON; null sends none
   * @throws IllegalStateException it was refused; the message says why
   */
  public JsonElement call(String method, String path, Map<String, ?> body) {
    return JsonParser.parseString(text(method, path, body, Duration.ZERO));
  }

  private String text(String method, String path, Map<String, ?> body, Duration patience) {
    String json = body == null ? "" : new Gson().toJson(body);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(console.resolve("/api/v1/" + path))
            .timeout(ANSWER.plus(patience))
            .version(HttpClient.Version.HTTP_1_1)
            .header("content-type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(json));
    if (token != null) request.header("authorization", "Bearer " + token);
    try {
      HttpResponse<String> answer =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() < 400) return answer.body();
      throw new IllegalStateException(method + " " + path + ": " + answer.body());
    } catch (IOException error) {
      throw new IllegalStateException("no gateway answers at " + console, error);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", error);
    }
  }

  private static String query(String name, String value) {
    return "&" + name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  /** An app on a phone. */
  public final class App {
    public final String topic;
    public final String token;
    private final String device;

    private App(String topic, String token, String device) {
      this.topic = topic;
      this.token = token;
      this.device = device;
    }

    /** {@link #waitForPush(Duration)}, 10 s at most. */
    public JsonObject waitForPush() {
      return waitForPush(Duration.ofSeconds(10));
    }

    /**
     * The payload of the first push that came to the phone, once it has shown what it shows of it.
     *
     * @throws AssertionError none came in time; with what came instead, and why
     */
    public JsonObject waitForPush(Duration patience) {
      JsonArray pushes = ask("notifications", patience).getAsJsonArray();
      if (pushes.isEmpty()) throw new AssertionError(whyNone());
      ask("settled", Duration.ofSeconds(2));
      return pushes.get(0).getAsJsonObject().getAsJsonObject("payload");
    }

    /**
     * Returns once it is known that nothing comes of what the gateway has answered: mostly at once.
     *
     * @throws AssertionError something came, or is still on its way after 10 s
     */
    public void expectNone() {
      JsonObject state = ask("settled?or_found=true", Duration.ofSeconds(10)).getAsJsonObject();
      boolean isNone = state.getAsJsonArray("found").isEmpty();
      if (!isNone || !state.get("settled").getAsBoolean()) {
        throw new AssertionError("expected no push to " + topic + ", and there is " + state);
      }
    }

    /** What a person sees; docs/screen.md. */
    public JsonObject screen() {
      return call("GET", device + "/screen", null).getAsJsonObject();
    }

    /** The phone's network is gone, or back. */
    public void setOnline(boolean online) {
      call("PATCH", device, Map.of("online", online));
    }

    /** Nobody uses the phone, or somebody does. */
    public void setLocked(boolean locked) {
      call("PATCH", device, Map.of("power", locked ? "locked" : "awake"));
    }

    /** Remove the app: providers hear 410 for its token. */
    public void uninstall() {
      text("DELETE", device + "/apps/" + topic, null, Duration.ZERO);
    }

    private String whyNone() {
      StringBuilder why = new StringBuilder("no push came to the phone of " + topic);
      for (JsonElement each : ask("near-misses", Duration.ZERO).getAsJsonArray()) {
        JsonObject miss = each.getAsJsonObject();
        why.append("\n  ").append(miss.get("why").getAsString());
        why.append(" (").append(miss.get("advice").getAsString()).append(')');
      }
      return why.toString();
    }

    /** A list of the API, of what has come to the phone. */
    private JsonElement ask(String list, Duration patience) {
      String query =
          query("bundle_id", topic)
              + query("state", "Delivered to Device")
              + query("state", "Delivered to Device (From Storage)");
      if (!patience.isZero()) query += query("wait", String.valueOf(patience.toSeconds()));
      String path = list + (list.contains("?") ? "" : "?") + query;
      return JsonParser.parseString(text("GET", path, null, patience));
    }
  }
}
