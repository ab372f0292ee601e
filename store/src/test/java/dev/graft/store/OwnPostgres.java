package dev.graft.store;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A real PostgreSQL server that a test stops, starts and holds up as it likes. */
public final class OwnPostgres implements AutoCloseable {
  private final Path folder;
  private EmbeddedPostgres server;
  private final int port;

  /** Starts one with its data in this folder. */
  public OwnPostgres(Path folder) {
    this.folder = folder;
    this.server = start(0);
    this.port = server.getPort();
  }

  private EmbeddedPostgres start(int onPort) {
    try {
      var builder =
          EmbeddedPostgres.builder()
              .setDataDirectory(folder)
              .setCleanDataDirectory(false)
              .setServerConfig("max_connections", "300")
              // Here it matters what a crash leaves.
              .setServerConfig("fsync", "on")
              .setServerConfig("full_page_writes", "on")
              .setServerConfig("synchronous_commit", "on");
      return (onPort == 0 ? builder : builder.setPort(onPort)).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As GRAFT_DATABASE_URL takes it. */
  public URI url() {
    return URI.create("postgresql://postgres:postgres@127.0.0.1:" + port + "/postgres");
  }

  /** Stops it, with an end for whoever is connected. */
  public void stop() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts it where it was, with what it had. */
  public void startAgain() {
    server = start(port);
  }

  /** From now on it answers nothing, and keeps all connections open. */
  public void freeze() {
    signal("-STOP");
  }

  public void thaw() {
    signal("-CONT");
  }

  private void signal(String signal) {
    try {
      long postmaster =
          Long.parseLong(Files.readAllLines(folder.resolve("postmaster.pid")).getFirst().strip());
      var command = new ArrayList<String>(List.of("kill", signal));
      ProcessHandle.of(postmaster).stream()
          .flatMap(parent -> Stream.concat(Stream.of(parent), parent.children()))
          .forEach(process -> command.add(String.valueOf(process.pid())));
      // A child can end between the look and the signal, so that the code says nothing.
      new ProcessBuilder(command).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    thaw();
    stop();
  }
}
