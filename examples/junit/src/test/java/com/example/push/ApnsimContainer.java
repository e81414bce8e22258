package com.example.push;

import java.net.URI;
import java.util.UUID;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** A gateway as a container, where there is Docker and no Python; {@code docker build -t apnsim .} */
public final class ApnsimContainer extends GenericContainer<ApnsimContainer> {
  private static final int PROVIDER = 2197;
  private static final int CONSOLE = 2198;

  private final String token = UUID.randomUUID().toString();

  public ApnsimContainer() {
    this("apnsim");
  }

  public ApnsimContainer(String image) {
    super(DockerImageName.parse(image));
    withExposedPorts(PROVIDER, CONSOLE);
    withEnv("APNSIM_CONSOLE_TOKEN", token);
    waitingFor(Wait.forHttp("/readyz").forPort(CONSOLE));
  }

  /** The control API. */
  public Apnsim apnsim() {
    return new Apnsim(URI.create("http://127.0.0.1:" + getMappedPort(CONSOLE)), token);
  }

  /** Where providers push: the mapped port, not that of {@code info}, which is inside. */
  public URI provider() {
    return URI.create("https://127.0.0.1:" + getMappedPort(PROVIDER));
  }
}
