package dev.graft.server;

import java.util.Map;

class SqliteApiKeyTest extends ApiKeyContract {
  @Override
  Map<String, String> node() {
    return settings();
  }
}
