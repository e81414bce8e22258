package com.example.push;

import com.eatthepath.pushy.apns.ApnsClient;
import com.eatthepath.pushy.apns.ApnsClientBuilder;
import com.eatthepath.pushy.apns.auth.ApnsSigningKey;
import com.eatthepath.pushy.apns.util.SimpleApnsPayloadBuilder;
import com.eatthepath.pushy.apns.util.SimpleApnsPushNotification;
import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** What you have already: a backend that pushes with Pushy. Only where to is a test's. */
final class Backend implements AutoCloseable {
  private final ApnsClient client;

  Backend(Apnsim apnsim, URI provider) throws Exception {
    JsonObject info = apnsim.info();
    JsonObject key = info.getAsJsonArray("keys").get(0).getAsJsonObject();
    String keyId = key.get("key_id").getAsString();
    ApnsSigningKey signingKey =
        ApnsSigningKey.loadFromInputStream(
            stream(apnsim.privateKey(keyId)), key.get("team_id").getAsString(), keyId);
    client =
        new ApnsClientBuilder()
            .setApnsServer(provider.getHost(), provider.getPort())
            .setTrustedServerCertificateChain(stream(info.get("ca_pem").getAsString()))
            .setSigningKey(signingKey)
            .build();
  }

  /** Null if it was accepted, else the reason. */
  String goal(String topic, String token, String scorer) throws Exception {
    String payload =
        new SimpleApnsPayloadBuilder().setAlertTitle("Goal").setAlertBody(scorer).build();
    var answer = client.sendNotification(new SimpleApnsPushNotification(token, topic, payload)).get();
    return answer.getRejectionReason().orElse(null);
  }

  @Override
  public void close() throws Exception {
    client.close().get();
  }

  private static InputStream stream(String pem) {
    return new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
  }
}
