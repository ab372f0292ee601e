package dev.graft.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Looks for a secret wherever it must not be, in every form in which it could have got there. */
public final class Canary {
  private Canary() {}

  /** The forms of a secret: as it is, base64 in all three alignments, hex, URL-encoded, UTF-16. */
  public static List<byte[]> formsOf(String secret) {
    var forms = new ArrayList<byte[]>();
    byte[] plain = secret.getBytes(StandardCharsets.UTF_8);
    forms.add(plain);
    for (int shift = 0; shift < 3; shift++) {
      byte[] shifted = new byte[plain.length + shift];
      System.arraycopy(plain, 0, shifted, shift, plain.length);
      String text = Base64.getEncoder().withoutPadding().encodeToString(shifted);
      // The first and last characters depend on the neighbours; the middle does not.
      String middle = text.substring(shift == 0 ? 0 : 4, text.length() - 4);
      forms.add(middle.getBytes(StandardCharsets.US_ASCII));
      forms.add(middle.replace('+', '-').replace('/', '_').getBytes(StandardCharsets.US_ASCII));
    }
    String hex = HexFormat.of().formatHex(plain);
    forms.add(hex.getBytes(StandardCharsets.US_ASCII));
    forms.add(hex.toUpperCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII));
    forms.add(
        URLEncoder.encode(secret, StandardCharsets.UTF_8).getBytes(StandardCharsets.US_ASCII));
    for (Charset wide : List.of(StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
      forms.add(secret.getBytes(wide));
    }
    return forms;
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
