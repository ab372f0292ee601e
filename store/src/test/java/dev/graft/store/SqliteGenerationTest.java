package dev.graft.store;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

class SqliteGenerationTest implements GenerationContract {
  @TempDir private Path folder;

  private Path file() {
    return folder.resolve("database/graft.db");
  }

  @Override
  public Database thisVersion() {
    return Database.sqlite(file());
  }

  @Override
  public Database withSteps(Path steps) {
    return Database.sqlite(file(), List.of("filesystem:" + steps));
  }

  @Override
  public Path folder() {
    return folder;
  }
}
