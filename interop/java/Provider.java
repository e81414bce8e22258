import com.eatthepath.pushy.apns.ApnsClient;
import com.eatthepath.pushy.apns.ApnsClientBuilder;
import com.eatthepath.pushy.apns.DeliveryPriority;
import com.eatthepath.pushy.apns.PushNotificationResponse;
import com.eatthepath.pushy.apns.PushType;
import com.eatthepath.pushy.apns.auth.ApnsSigningKey;
import com.eatthepath.pushy.apns.proxy.HttpProxyHandlerFactory;
import com.eatthepath.pushy.apns.util.SimpleApnsPushNotification;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.annotations.SerializedName;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Pushy, pointed at the gateway by setApnsServer and setTrustedServerCertificateChain.
 *
 * <p>The pushes of a line (a JSON array on stdin) are sent at once; their answers are a line of
 * stdout.
 */
public final class Provider {
  private static final Gson GSON = new Gson();
  private static final Gson WITH_NULLS =
      new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

  private static final class Push {
    String token;
    String topic;
    @SerializedName("push_type") String pushType;
    JsonObject payload;
    Integer priority;
    Long expiration;
    @SerializedName("collapse_id") String collapseId;
    @SerializedName("apns_id") UUID apnsId;

    SimpleApnsPushNotification notification() {
      return new SimpleApnsPushNotification(
          token,
          topic,
          WITH_NULLS.toJson(payload),
          // As Pushy's shortest constructor has it: a day.
          expiration == null
              ? Instant.now().plus(SimpleApnsPushNotification.DEFAULT_EXPIRATION_PERIOD)
              : Instant.ofEpochSecond(expiration),
          priority == null
              ? DeliveryPriority.IMMEDIATE
              : DeliveryPriority.getFromCode(priority),
          PushType.getFromHeaderValue(pushType),
          collapseId,
          apnsId);
    }
  }

  private static final class Answer {
    Integer status;
    String reason;
    @SerializedName("apns_id") String apnsId;
    Long timestamp;
    String error;

    Answer(PushNotificationResponse<?> response, Throwable failure) {
      if (failure != null) {
        error = failure.toString();
        return;
      }
      status = response.getStatusCode();
      reason = response.getRejectionReason().orElse(null);
      apnsId = response.getApnsId() == null ? null : response.getApnsId().toString();
      timestamp = response.getTokenInvalidationTimestamp().map(Instant::toEpochMilli).orElse(null);
    }
  }

  private static ApnsClient newClient() throws Exception {
    URI gateway = URI.create(System.getenv("APNSIM_PROVIDER_URL"));
    ApnsClientBuilder builder =
        new ApnsClientBuilder()
            .setApnsServer(gateway.getHost(), gateway.getPort() < 0 ? 443 : gateway.getPort())
            .setTrustedServerCertificateChain(new File(System.getenv("APNSIM_CA_FILE")));
    if (System.getenv("APNSIM_P12_FILE") != null) {
      builder.setClientCredentials(
          new File(System.getenv("APNSIM_P12_FILE")), System.getenv("APNSIM_P12_PASSWORD"));
    } else {
      builder.setSigningKey(
          ApnsSigningKey.loadFromPkcs8File(
              new File(System.getenv("APNSIM_KEY_FILE")),
              System.getenv("APNSIM_TEAM_ID"),
              System.getenv("APNSIM_KEY_ID")));
    }
    if (System.getenv("APNSIM_PROXY_URL") != null) {
      URI proxy = URI.create(System.getenv("APNSIM_PROXY_URL"));
      builder.setProxyHandlerFactory(
          new HttpProxyHandlerFactory(new InetSocketAddress(proxy.getHost(), proxy.getPort())));
    }
    return builder.build();
  }

  public static void main(String[] arguments) throws Exception {
    ApnsClient client = newClient();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line; (line = lines.readLine()) != null; ) {
      List<CompletableFuture<Answer>> answers =
          Stream.of(GSON.fromJson(line, Push[].class))
              .map(push -> client.sendNotification(push.notification()).handle(Answer::new))
              .collect(Collectors.toList());
      System.out.println(
          GSON.toJson(answers.stream().map(CompletableFuture::join).collect(Collectors.toList())));
    }
    client.close().get();
  }
}
