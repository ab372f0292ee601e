package dev.graft.server;

import java.util.HashMap;
import java.util.Map;

class SqliteKeyLifeTest extends KeyLifeContract {
  @Override
  Map<String, String> onDatabase(Map<String, String> environment) {
    return new HashMap<>(environment);
  }
}
