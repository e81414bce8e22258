package com.example.push;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GoalTest {
  private static ApnsimProcess gateway;
  private static Apnsim apnsim;
  private static Backend backend;

  @BeforeAll
  static void start() throws Exception {
    gateway = new ApnsimProcess();
    apnsim = gateway.apnsim();
    backend = new Backend(apnsim, gateway.provider());
  }

  @AfterAll
  static void stop() throws Exception {
    if (backend != null) backend.close();
    if (gateway != null) gateway.close();
  }

  @Test
  void aGoalIsOnTheLockScreen() throws Exception {
    Apnsim.App app = apnsim.app();
    app.setLocked(true);
    assertNull(backend.goal(app.topic, app.token, "Anna scored"));
    app.waitForPush();
    var group = app.screen().getAsJsonArray("lock_screen").get(0).getAsJsonObject();
    var shown = group.getAsJsonArray("notifications").get(0).getAsJsonObject();
    assertEquals("Anna scored", shown.get("body").getAsString());
  }

  @Test
  void ofThreeGoalsWhileThePhoneIsAwayTheLastOneArrives() throws Exception {
    Apnsim.App app = apnsim.app();
    app.setOnline(false);
    for (String scorer : new String[] {"Anna", "Ben", "Cleo"}) {
      assertNull(backend.goal(app.topic, app.token, scorer));
    }
    app.expectNone();
    app.setOnline(true);
    var alert = app.waitForPush().getAsJsonObject("aps").getAsJsonObject("alert");
    assertEquals("Cleo", alert.get("body").getAsString());
  }

  @Test
  void whoHasUninstalledTheAppIsUnregistered() throws Exception {
    Apnsim.App app = apnsim.app();
    app.uninstall();
    assertEquals("Unregistered", backend.goal(app.topic, app.token, "Anna"));
  }

  @Test
  void aWaitThatFailsSaysWhatCameInstead() throws Exception {
    Apnsim.App app = apnsim.app();
    apnsim.addRule(Map.of("bundle_id", app.topic), Map.of("type", "answer", "status", 503));
    assertEquals("ServiceUnavailable", backend.goal(app.topic, app.token, "Anna"));
    var failed = assertThrows(AssertionError.class, () -> app.waitForPush(Duration.ofSeconds(1)));
    assertTrue(failed.getMessage().contains("503 ServiceUnavailable"), failed.getMessage());
  }
}
