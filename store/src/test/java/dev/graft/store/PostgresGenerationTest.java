package dev.graft.store;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

class PostgresGenerationTest implements GenerationContract {
  private final URI url = TestPostgres.freshDatabase();
  @TempDir private Path folder;

  @Override
  public Database thisVersion() {
    return Database.postgres(url, 3);
  }

  @Override
  public Database withSteps(Path steps) {
    return Database.postgres(url, 3, List.of("filesystem:" + steps));
  }

  @Override
  public Path folder() {
    return folder;
  }
}
