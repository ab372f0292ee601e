package dev.graft.server.signing;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.greenbytes.http.sfv.ByteSequenceItem;
import org.greenbytes.http.sfv.InnerList;
import org.greenbytes.http.sfv.IntegerItem;
import org.greenbytes.http.sfv.Item;
import org.greenbytes.http.sfv.ListElement;
import org.greenbytes.http.sfv.Parameters;
import org.greenbytes.http.sfv.ParseException;
import org.greenbytes.http.sfv.Parser;
import org.greenbytes.http.sfv.StringItem;

/**
 * One signature that came with a request: what it covers, what it says of itself, and its bytes.
 */
public final class Signature {
  private static final Pattern COMPONENT = Pattern.compile("@[a-z-]+|[a-z0-9!#$%&'*+.^_`|~-]+");

  private final List<String> covered;
  private final Parameters parameters;
  private final String input;
  private final byte[] bytes;

  private Signature(List<String> covered, InnerList input, byte[] bytes) {
    this.covered = covered;
    this.parameters = input.getParams();
    this.input = input.serialize();
    this.bytes = bytes;
  }

  /** What was to be read cannot be; the message says why, after the name of a header. */
  public static final class Unreadable extends Exception {
    Unreadable(String why) {
      super(why, null, false, false);
    }

    /** Why. */
    public String why() {
      return String.valueOf(getMessage());
    }
  }

  /**
   * The signatures of a request that say to be made with a key. What others signed, such as a proxy
   * on the way, is theirs to read, and may have what is not known here.
   *
   * @throws Unreadable when the headers of one say nothing, or two things at once
   */
  public static List<Signature> of(Message message, String keyId) throws Unreadable {
    return of(message, input -> Optional.of(keyId).equals(text(input.getParams(), "keyid")));
  }

  /** All of them, each of which has to be readable. */
  static List<Signature> of(Message message) throws Unreadable {
    return of(message, _ -> true);
  }

  private static List<Signature> of(Message message, Predicate<InnerList> isMeant)
      throws Unreadable {
    Map<String, ListElement<?>> inputs = members(message, "signature-input");
    Map<String, ListElement<?>> signatures = members(message, "signature");
    var meant = new ArrayList<Signature>();
    for (var one : inputs.entrySet()) {
      if (one.getValue() instanceof InnerList input && isMeant.test(input)) {
        if (!(signatures.get(one.getKey()) instanceof ByteSequenceItem signature)) {
          throw new Unreadable(
              "'Signature' has no byte sequence for the label '"
                  + one.getKey()
                  + "' of 'Signature-Input'");
        }
        meant.add(new Signature(components(input), input, bytes(signature.get())));
      }
    }
    return meant;
  }

  private static Map<String, ListElement<?>> members(Message message, String name)
      throws Unreadable {
    try {
      return new Parser(message.lines(name)).parseDictionary().get();
    } catch (ParseException e) {
      throw new Unreadable("'" + name + "' is no dictionary of structured fields");
    }
  }

  private static List<String> components(InnerList input) throws Unreadable {
    Set<String> seen = new HashSet<>();
    var covered = new ArrayList<String>();
    for (Item<?> item : input.get()) {
      if (!(item instanceof StringItem name) || !COMPONENT.matcher(name.get()).matches()) {
        throw new Unreadable(
            "a component of 'Signature-Input' has to be the name of a header or a derived"
                + " component, in quotation marks and in small letters");
      }
      if (!name.getParams().isEmpty()) {
        throw new Unreadable("components of 'Signature-Input' with parameters are not known here");
      }
      if (!seen.add(name.get())) {
        throw new Unreadable("a component stands twice in 'Signature-Input'");
      }
      covered.add(name.get());
    }
    return List.copyOf(covered);
  }

  static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  public boolean covers(String component) {
    return covered.contains(component);
  }

  /** A parameter that is a text. */
  public Optional<String> text(String parameter) {
    return text(parameters, parameter);
  }

  private static Optional<String> text(Parameters parameters, String parameter) {
    return parameters.get(parameter) instanceof StringItem text
        ? Optional.of(text.get())
        : Optional.empty();
  }

  /** A parameter that is a whole number. */
  public Optional<Long> number(String parameter) {
    return parameters.get(parameter) instanceof IntegerItem number
        ? Optional.of(number.getAsLong())
        : Optional.empty();
  }

  public boolean has(String parameter) {
    return parameters.containsKey(parameter);
  }

  /**
   * What it was made over.
   *
   * @throws Unreadable when it covers what this request does not have
   */
  public String base(Message message) throws Unreadable {
    var base = new StringBuilder();
    for (String component : covered) {
      String value =
          message
              .value(component)
              .orElseThrow(() ->
                  new Unreadable("'" + component + "' is covered, and this request has none"));
      if (!value.chars().allMatch(c -> c >= 0x20 && c <= 0x7e)) {
        throw new Unreadable("'" + component + "' is covered, and has more than ASCII in it");
      }
      base.append('"').append(component).append("\": ").append(value).append('\n');
    }
    return base.append("\"@signature-params\": ").append(input).toString();
  }

  /** Whether it was made with this key over this request as it is. */
  public boolean fits(Message message, SigningKey key) throws Unreadable {
    return key.made(bytes, base(message).getBytes(US_ASCII));
  }
}
