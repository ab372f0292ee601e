package dev.graft.server;

import java.util.Map;

class PostgresKeyLifeTest extends KeyLifeContract {
  @Override
  Map<String, String> onDatabase(Map<String, String> environment) {
    return RunningServer.withPostgres(environment);
  }
}
