package dev.graft.store;

/**
 * A disk without room, for a SQLite file: SQLite itself refuses to make the file larger than so
 * many pages, with the same error and in the same places as when the file system does.
 */
public final class FullDisk {
  private FullDisk() {}

  /** Leaves room for so many pages of 4 KiB more. */
  public static void leave(Database database, int pages) {
    long now = number(database, "page_count");
    set(database, now + pages);
  }

  /** All the room that there can be. */
  public static void makeRoom(Database database) {
    set(database, 4_294_967_294L);
  }

  private static void set(Database database, long pages) {
    database.write(sql -> sql.fetch("PRAGMA max_page_count = " + pages));
  }

  private static long number(Database database, String pragma) {
    return database.write(sql -> sql.fetch("PRAGMA " + pragma).getFirst().number(pragma));
  }
}
