package dev.graft.product;

import dev.graft.server.Canary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Everything that lives in the heap of a process, after a full collection, as the JDK's own {@code
 * jcmd} writes it down; and who holds what is found in it.
 */
final class HeapDump {
  private static final int ROOTS = 12;
  private final byte[] bytes;

  private HeapDump(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Asks a process for its live objects. */
  static HeapDump of(long pid, Path file) throws IOException, InterruptedException {
    Files.deleteIfExists(file);
    String said = jcmd(pid, "GC.heap_dump", file.toString());
    if (!Files.exists(file)) {
      throw new IllegalStateException("no heap dump: " + said);
    }
    byte[] bytes = Files.readAllBytes(file);
    Files.delete(file);
    return new HeapDump(bytes);
  }

  /** What the JDK's tool says about a process. */
  static String jcmd(long pid, String... command) throws IOException, InterruptedException {
    var line = new ArrayList<String>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString());
    line.add(String.valueOf(pid));
    line.addAll(List.of(command));
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(Duration.ofSeconds(60).toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return said;
  }

  int size() {
    return bytes.length;
  }

  /** Where secrets stand in it. */
  List<Canary.Find> find(Canary.Search search) {
    return search.in(bytes);
  }

  /** Who holds what was found, link by link, for whoever has to see where it comes from. */
  String holdersOf(Canary.Find find) {
    return find + ": " + new Graph(ByteBuffer.wrap(bytes)).holdersOf(find.place());
  }

  /**
   * The format of the JDK's dumps, HPROF 1.0.2, read as far as it is needed to follow references.
   */
  private static final class Graph {
    private static final int STRING = 0x01;
    private static final int LOAD_CLASS = 0x02;
    private static final int SEGMENT = 0x1c;
    private static final int OBJECT = 2;

    private final ByteBuffer in;
    private final Map<Long, String> names = new HashMap<>();
    private final Map<Long, Long> nameOfClass = new HashMap<>();
    private final Map<Long, Long> superOfClass = new HashMap<>();
    private final Map<Long, List<Field>> fieldsOfClass = new HashMap<>();

    /** A field of instances. */
    private record Field(long name, int type) {}

    /** Something of the heap: what it is, and what it refers to by which name. */
    private interface Seen {
      void object(long id, String what, int from, int to, Map<Long, String> references);
    }

    Graph(ByteBuffer in) {
      this.in = in;
    }

    /** Who holds the object at this place of the file, link by link. */
    String holdersOf(int place) {
      var first = new long[1];
      var said = new StringBuilder();
      walk(
          Set.of(),
          (id, what, from, to, _) -> {
            if (place >= from && place < to) {
              first[0] = id;
              said.append(what);
            }
          });
      long wanted = first[0];
      var known = new HashSet<Long>(Set.of(wanted));
      for (int link = 0; link < ROOTS && wanted != 0; link++) {
        long target = wanted;
        var holder = new long[1];
        walk(
            Set.of(target),
            (id, what, _, _, references) -> {
              if (holder[0] == 0 && references.containsKey(target) && known.add(id)) {
                holder[0] = id;
                said.append(" <- ").append(what).append(references.get(target));
              }
            });
        wanted = holder[0];
      }
      return said.toString();
    }

    private void walk(Set<Long> targets, Seen seen) {
      in.rewind();
      while (in.get() != 0) {
        // The name of the format.
      }
      if (in.getInt() != Long.BYTES) {
        throw new IllegalStateException("a heap dump of another word size");
      }
      in.getLong();
      while (in.hasRemaining()) {
        int tag = in.get();
        in.getInt();
        int length = in.getInt();
        int end = in.position() + length;
        switch (tag) {
          case STRING -> {
            long id = in.getLong();
            var text = new byte[length - Long.BYTES];
            in.get(text);
            names.put(id, new String(text, StandardCharsets.UTF_8));
          }
          case LOAD_CLASS -> {
            in.getInt();
            long id = in.getLong();
            in.getInt();
            nameOfClass.put(id, in.getLong());
          }
          case SEGMENT, 0x0c -> segment(end, targets, seen);
          default -> {}
        }
        in.position(end);
      }
    }

    private void segment(int end, Set<Long> targets, Seen seen) {
      while (in.position() < end) {
        int tag = in.get() & 0xff;
        switch (tag) {
          case 0xff, 0x05, 0x07 -> skip(8);
          case 0x01 -> skip(16);
          case 0x02, 0x03, 0x08 -> skip(16);
          case 0x04, 0x06 -> skip(12);
          case 0x20 -> type(targets, seen);
          case 0x21 -> instance(targets, seen);
          case 0x22 -> objects(targets, seen);
          case 0x23 -> primitives(seen);
          default -> throw new IllegalStateException("unknown part of a heap dump: " + tag);
        }
      }
    }

    private void skip(int bytes) {
      in.position(in.position() + bytes);
    }

    private void type(Set<Long> targets, Seen seen) {
      int from = in.position();
      long id = in.getLong();
      in.getInt();
      superOfClass.put(id, in.getLong());
      skip(5 * 8 + 4);
      for (int i = in.getShort() & 0xffff; i > 0; i--) {
        in.getShort();
        skip(size(in.get()));
      }
      var references = new HashMap<Long, String>();
      for (int i = in.getShort() & 0xffff; i > 0; i--) {
        long name = in.getLong();
        int kind = in.get();
        if (kind == OBJECT) {
          long target = in.getLong();
          if (targets.contains(target)) {
            references.put(target, "." + names.get(name));
          }
        } else {
          skip(size(kind));
        }
      }
      var fields = new ArrayList<Field>();
      for (int i = in.getShort() & 0xffff; i > 0; i--) {
        fields.add(new Field(in.getLong(), in.get()));
      }
      fieldsOfClass.put(id, fields);
      seen.object(id, "class " + nameOf(id), from, in.position(), references);
    }

    private void instance(Set<Long> targets, Seen seen) {
      int from = in.position();
      long id = in.getLong();
      in.getInt();
      long type = in.getLong();
      int length = in.getInt();
      int end = in.position() + length;
      var references = new HashMap<Long, String>();
      for (long each = type; !targets.isEmpty() && each != 0; each = superOfClass.get(each)) {
        for (Field field : fieldsOfClass.getOrDefault(each, List.of())) {
          if (field.type() == OBJECT) {
            long target = in.getLong();
            if (targets.contains(target)) {
              references.put(target, "." + names.get(field.name()));
            }
          } else {
            skip(size(field.type()));
          }
        }
      }
      in.position(end);
      seen.object(id, nameOf(type), from, end, references);
    }

    private void objects(Set<Long> targets, Seen seen) {
      int from = in.position();
      long id = in.getLong();
      in.getInt();
      int length = in.getInt();
      long type = in.getLong();
      var references = new HashMap<Long, String>();
      if (targets.isEmpty()) {
        skip(length * Long.BYTES);
      } else {
        for (int i = 0; i < length; i++) {
          long target = in.getLong();
          if (targets.contains(target)) {
            references.put(target, "[" + i + "]");
          }
        }
      }
      seen.object(id, nameOf(type), from, in.position(), references);
    }

    private void primitives(Seen seen) {
      int from = in.position();
      long id = in.getLong();
      in.getInt();
      int length = in.getInt();
      int kind = in.get();
      skip(length * size(kind));
      String name = String.format(Locale.ROOT, "%s[%d]", kind == 5 ? "char" : "byte", length);
      seen.object(id, name, from, in.position(), Map.of());
    }

    private String nameOf(long type) {
      String name = names.get(nameOfClass.getOrDefault(type, 0L));
      return name == null ? "?" : name.replace('/', '.');
    }

    private static int size(int type) {
      return switch (type) {
        case OBJECT, 7, 11 -> 8;
        case 4, 8 -> 1;
        case 5, 9 -> 2;
        case 6, 10 -> 4;
        default -> throw new IllegalStateException("unknown type in a heap dump: " + type);
      };
    }
  }
}
