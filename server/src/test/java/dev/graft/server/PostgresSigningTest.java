package dev.graft.server;

import java.util.List;
import java.util.Map;

class PostgresSigningTest extends SigningContract {
  private static final String NAME = "http://graft.example.com";

  @Override
  List<Map<String, String>> settings() {
    Map<String, String> environment = RunningServer.withPostgres(common());
    environment.put("GRAFT_PUBLIC_URL", NAME);
    return List.of(environment, environment);
  }

  @Override
  String publicUrl(RunningServer node) {
    return NAME;
  }
}
