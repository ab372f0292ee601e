package dev.graft.server.fuzz;

import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every decoder is fed what it reads and hundreds of thousands of changed forms of it. {@code
 * scripts/fuzz-decoders} does the same for minutes, guided by what the code does.
 */
class DecoderTest {
  /** The normal run is the same each time; the long one looks where nobody has looked. */
  private static final long SEED =
      Long.getLong(
          "graft.fuzz.seed",
          Boolean.getBoolean("graft.long") ? System.nanoTime() & 0xffffffffffL : 20261123L);

  private static final int INPUTS = Boolean.getBoolean("graft.long") ? 500_000 : 20_000;

  /** Bytes that mean something to one decoder or another. */
  private static final String[] TOKENS = {
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    ":",
    ",",
    ".",
    "-",
    "e9",
    "0",
    "1",
    "/",
    "#",
    "=",
    "&",
    "?",
    "%",
    "%00",
    "null",
    "true",
    " ",
    "\n",
    "\u0000",
    "é",
    "😀",
    "[0]",
    "[\"",
    "\"]",
    "99999999999",
    "__proto__",
    "eyJ",
    "_v",
    "GRFT"
  };

  @ParameterizedTest
  @EnumSource
  void whateverItIsGivenItSaysOnlyWhatItDocuments(Decoder decoder) {
    var chance = new Chance(SEED + decoder.name().hashCode());
    var inputs = new ArrayList<>(decoder.seeds());
    for (byte[] seed : decoder.seeds()) {
      decoder.feed(seed);
    }
    for (int i = 0; i < INPUTS; i++) {
      byte[] input = changed(chance.of(inputs), inputs, chance);
      assertThatCode(() -> decoder.feed(input))
          .as(() ->
              "%s, seed %d, input %s".formatted(decoder, SEED, HexFormat.of().formatHex(input)))
          .doesNotThrowAnyException();
      // Some go on from here, so that changes add up; not too many, and not too long ones.
      if (i % 50 == 0 && input.length < 2_000) {
        inputs.add(input);
        if (inputs.size() > 200) {
          inputs.remove(decoder.seeds().size());
        }
      }
    }
  }

  private static byte[] changed(byte[] input, List<byte[]> others, Chance chance) {
    byte[] changed = input;
    for (int i = chance.between(1, 4); i > 0; i--) {
      changed = once(changed, chance.of(others), chance);
    }
    return chance.oneIn(500) ? stretched(changed, chance) : changed;
  }

  /** A piece of it very often, for whatever goes deeper or slower with each. */
  private static byte[] stretched(byte[] input, Chance chance) {
    int at = chance.below(input.length + 1);
    byte[] piece =
        java.util.Arrays.copyOfRange(input, at, Math.min(input.length, at + chance.between(1, 4)));
    var many = new ByteArrayOutputStream();
    for (int i = 0; i < 15_000; i++) {
      many.writeBytes(piece);
    }
    return spliced(input, at, at, many.toByteArray());
  }

  private static byte[] once(byte[] input, byte[] other, Chance chance) {
    int at = chance.below(input.length + 1);
    int end = Math.min(input.length, at + chance.below(8));
    return switch (chance.below(8)) {
      case 0, 1 -> {
        byte[] flipped = input.clone();
        if (at < flipped.length) {
          flipped[at] ^= (byte) (1 << chance.below(8));
        }
        yield flipped;
      }
      case 2 -> spliced(input, at, end, new byte[0]);
      case 3, 4 ->
          spliced(
              input, at, at, chance.of(TOKENS).getBytes(java.nio.charset.StandardCharsets.UTF_8));
      case 5 -> spliced(input, at, end, chance.bytes(chance.between(1, 8)));
      case 6 -> spliced(input, at, at, java.util.Arrays.copyOfRange(input, at, end));
      default -> {
        int from = chance.below(other.length + 1);
        yield spliced(
            input, at, input.length, java.util.Arrays.copyOfRange(other, from, other.length));
      }
    };
  }

  private static byte[] spliced(byte[] input, int from, int to, byte[] between) {
    var out = new ByteArrayOutputStream();
    out.write(input, 0, from);
    out.writeBytes(between);
    out.write(input, to, input.length - to);
    return out.toByteArray();
  }
}
