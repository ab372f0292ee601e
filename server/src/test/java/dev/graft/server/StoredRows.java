package dev.graft.server;

import dev.graft.vault.DataKey;
import dev.graft.vault.KeyProvider;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What stands in a server's database, looked at from outside of Graft. */
final class StoredRows implements AutoCloseable {
  private final Connection connection;

  private StoredRows(Connection connection) {
    this.connection = connection;
  }

  static StoredRows of(Map<String, String> environment) throws SQLException {
    String url = environment.get("GRAFT_DATABASE_URL");
    if (url == null) {
      return ofFile(Path.of(String.valueOf(environment.get("GRAFT_DATA_DIR"))).resolve("graft.db"));
    }
    URI uri = URI.create(url);
    String[] user = uri.getUserInfo().split(":", 2);
    return new StoredRows(
        DriverManager.getConnection(
            "jdbc:postgresql://" + uri.getHost() + ":" + uri.getPort() + uri.getPath(),
            user[0],
            user[1]));
  }

  static StoredRows ofFile(Path file) throws SQLException {
    return new StoredRows(DriverManager.getConnection("jdbc:sqlite:" + file));
  }

  /** Every row of a query, each as one text. */
  List<String> rows(String query, String... values) throws SQLException {
    var rows = new ArrayList<String>();
    try (var statement = connection.prepareStatement(query)) {
      for (int i = 0; i < values.length; i++) {
        statement.setString(i + 1, values[i]);
      }
      try (ResultSet results = statement.executeQuery()) {
        int columns = results.getMetaData().getColumnCount();
        while (results.next()) {
          var row = new StringBuilder();
          for (int i = 1; i <= columns; i++) {
            Object value = results.getObject(i);
            row.append(value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : value)
                .append('|');
          }
          rows.add(row.toString());
        }
      }
    }
    return rows;
  }

  /** One digest over the rows of these queries. */
  String digest(String... queries) throws SQLException {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      for (String query : queries) {
        for (String row : rows(query)) {
          digest.update((row + "\n").getBytes(StandardCharsets.UTF_8));
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  List<DataKey> dataKeys() throws SQLException {
    var keys = new ArrayList<DataKey>();
    try (var statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT id, owner, provider, wrapping_key, wrapped FROM data_key ORDER BY id")) {
      while (row.next()) {
        keys.add(
            new DataKey(
                UUID.fromString(row.getString(1)),
                row.getString(2),
                row.getString(3),
                new KeyProvider.Wrapped(row.getString(4), row.getBytes(5))));
      }
    }
    return keys;
  }

  byte[] bytes(String query, String value) throws SQLException {
    try (var statement = connection.prepareStatement(query)) {
      statement.setString(1, value);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new AssertionError("nothing found by " + query);
        }
        return row.getBytes(1);
      }
    }
  }

  int execute(String statement) throws SQLException {
    try (var prepared = connection.prepareStatement(statement)) {
      return prepared.executeUpdate();
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
