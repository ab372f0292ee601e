package dev.graft.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** Looks for a secret wherever it must not be, in every form in which it could have got there. */
public final class Canary {
  private Canary() {}

  /** One way to write a secret down. */
  public static final class Form {
    private final String name;
    private final byte[] bytes;

    private Form(String name, byte[] bytes) {
      this.name = name;
      this.bytes = bytes;
    }

    public byte[] bytes() {
      return bytes.clone();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * The forms of a secret: as it is, base64 in all three alignments and in both alphabets, hex in
   * both cases, URL-encoded (as little as one must, and every byte), UTF-16 in both orders.
   */
  public static List<Form> forms(String secret) {
    var forms = new ArrayList<Form>();
    byte[] plain = secret.getBytes(StandardCharsets.UTF_8);
    add(forms, "plain", plain);
    for (int shift = 0; shift < 3; shift++) {
      byte[] shifted = new byte[plain.length + shift];
      System.arraycopy(plain, 0, shifted, shift, plain.length);
      String text = Base64.getEncoder().withoutPadding().encodeToString(shifted);
      // The first and last characters depend on the neighbours; the middle does not.
      String middle = text.substring((shift * 8 + 5) / 6, shifted.length * 8 / 6);
      add(forms, "base64 after " + shift, ascii(middle));
      add(forms, "base64url after " + shift, ascii(middle.replace('+', '-').replace('/', '_')));
    }
    String hex = HexFormat.of().formatHex(plain);
    add(forms, "hex", ascii(hex));
    add(forms, "HEX", ascii(hex.toUpperCase(Locale.ROOT)));
    add(forms, "in a URL", ascii(URLEncoder.encode(secret, StandardCharsets.UTF_8)));
    add(forms, "in a URL, every byte", ascii(hex.replaceAll("..", "%$0")));
    add(forms, "in a URL, EVERY BYTE", ascii(hex.toUpperCase(Locale.ROOT).replaceAll("..", "%$0")));
    add(forms, "UTF-16LE", secret.getBytes(StandardCharsets.UTF_16LE));
    add(forms, "UTF-16BE", secret.getBytes(StandardCharsets.UTF_16BE));
    return forms;
  }

  /** Without those that are written as another one is. */
  private static void add(List<Form> forms, String name, byte[] bytes) {
    if (forms.stream().noneMatch(form -> Arrays.equals(form.bytes(), bytes))) {
      forms.add(new Form(name, bytes));
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** As {@link #forms}, without their names. */
  public static List<byte[]> formsOf(String secret) {
    return forms(secret).stream().map(Form::bytes).toList();
  }

  /**
   * A secret that was found.
   *
   * @param what whose or which it is
   * @param place of its first byte
   */
  public record Find(String what, Form form, int place) {
    @Override
    public String toString() {
      return what + ", " + form + ", at " + place;
    }
  }

  /** Looks for many secrets in all their forms at once, since there is much to look through. */
  public static final class Search {
    private record Wanted(String what, Form form) {
      boolean isAt(byte[] content, int at) {
        int end = at + form.bytes.length;
        return end <= content.length
            && Arrays.equals(content, at, end, form.bytes, 0, form.bytes.length);
      }
    }

    private final List<List<Wanted>> byFirstTwo = new ArrayList<>();

    /** For these secrets, each under the name of what it is. */
    public Search(Map<String, String> secrets) {
      for (int i = 0; i < 1 << 16; i++) {
        byFirstTwo.add(List.of());
      }
      secrets.forEach((what, secret) ->
          forms(secret)
              .forEach(form -> {
                int two = two(form.bytes, 0);
                var wanted = new ArrayList<>(byFirstTwo.get(two));
                wanted.add(new Wanted(what, form));
                byFirstTwo.set(two, wanted);
              }));
    }

    private static int two(byte[] bytes, int at) {
      return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    /** Every place where one stands. */
    public List<Find> in(byte[] content) {
      var finds = new ArrayList<Find>();
      boolean[] isFirst = new boolean[1 << 16];
      for (int i = 0; i < isFirst.length; i++) {
        isFirst[i] = !byFirstTwo.get(i).isEmpty();
      }
      for (int at = 0; at < content.length - 1; at++) {
        if (isFirst[two(content, at)]) {
          for (Wanted one : byFirstTwo.get(two(content, at))) {
            if (one.isAt(content, at)) {
              finds.add(new Find(one.what(), one.form(), at));
            }
          }
        }
      }
      return finds;
    }
  }

  /** The files under a folder that hold the secret in any form. */
  public static List<Path> findIn(Path folder, String secret) {
    List<byte[]> forms = formsOf(secret);
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).filter(file -> holds(read(file), forms)).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static boolean holds(byte[] content, List<byte[]> forms) {
    String text = new String(content, StandardCharsets.ISO_8859_1);
    return forms.stream()
        .anyMatch(form -> text.contains(new String(form, StandardCharsets.ISO_8859_1)));
  }
}
