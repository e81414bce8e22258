package com.example.push;

import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

/** The same by Testcontainers; left out where there is no Docker. */
@Testcontainers(disabledWithoutDocker = true)
class GoalInContainerTest {
  @Container static final ApnsimContainer gateway = new ApnsimContainer();

  @Test
  void aGoalArrives() throws Exception {
    Apnsim.App app = gateway.apnsim().app();
    try (Backend backend = new Backend(gateway.apnsim(), gateway.provider())) {
      assertNull(backend.goal(app.topic, app.token, "Anna scored"));
    }
    app.waitForPush();
  }
}
