// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.security.auth.x500.X500Principal;

/** A certificate authority as an engine has one, for tests: writes X.509 (RFC 5280) itself. */
public final class TestAuthority {

  /** The password of all keystores. */
  public static final String PASSWORD = "mypass";

  private static final int SEQUENCE = 0x30;
  private static final int SET_OF_VERSION = 0xa0;
  private static final int EXTENSIONS = 0xa3;
  private static final int DNS_NAME = 0x82;
  private static final int IP_ADDRESS = 0x87;

  /** ecdsa-with-SHA256 (RFC 5758). */
  private static final byte[] ALGORITHM = der(SEQUENCE, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2));

  private static final DateTimeFormatter UTC_TIME =
      DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

  /** A certificate with its key. */
  public record Identity(X509Certificate certificate, KeyPair keys) {}

  private final X500Principal name;
  private final Identity own;
  private long serial = 1;

  /** An authority of that name. */
  public TestAuthority(String commonName) {
    this.name = new X500Principal("CN=" + commonName);
    KeyPair keys = keys();
    this.own = new Identity(sign(name, keys, keys, List.of(isAuthority())), keys);
  }

  /**
   * A certificate of this authority, for servers and clients.
   *
   * @param alternatives further names; those that begin with a digit are addresses
   */
  public Identity issue(String commonName, String... alternatives) {
    List<byte[]> extensions = new ArrayList<>();
    extensions.add(
        extension(
            oid(0x55, 0x1d, 0x25),
            der(SEQUENCE, oid(0x2b, 6, 1, 5, 5, 7, 3, 1), oid(0x2b, 6, 1, 5, 5, 7, 3, 2))));
    if (alternatives.length > 0) {
      byte[][] names = new byte[alternatives.length][];
      for (int i = 0; i < names.length; i++) {
        names[i] = alternative(alternatives[i]);
      }
      extensions.add(extension(oid(0x55, 0x1d, 0x11), der(SEQUENCE, names)));
    }
    KeyPair keys = keys();
    return new Identity(
        sign(new X500Principal("CN=" + commonName), keys, own.keys(), extensions), keys);
  }

  private static byte[] alternative(String text) {
    try {
      return Character.isDigit(text.charAt(0))
          ? der(IP_ADDRESS, InetAddress.getByName(text).getAddress())
          : der(DNS_NAME, text.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  /** Writes the authority's own certificate as PEM. */
  public Path writeAuthority(Path file) {
    try {
      return Files.writeString(
          file,
          "-----BEGIN CERTIFICATE-----\n"
              + Base64.getMimeEncoder().encodeToString(own.certificate().getEncoded())
              + "\n-----END CERTIFICATE-----\n");
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Writes a certificate and its key as PKCS #12. */
  public Path writeKeystore(Path file, Identity identity) {
    try (OutputStream out = Files.newOutputStream(file)) {
      keystore(identity).store(out, PASSWORD.toCharArray());
      return file;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A certificate and its key as a keystore. */
  public KeyStore keystore(Identity identity) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          "own",
          identity.keys().getPrivate(),
          PASSWORD.toCharArray(),
          new Certificate[] {identity.certificate()});
      return store;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A truststore with this authority alone. */
  public KeyStore truststore() {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setCertificateEntry("ca", own.certificate());
      return store;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair keys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private X509Certificate sign(
      X500Principal subject, KeyPair subjects, KeyPair signer, List<byte[]> extensions) {
    Instant now = Instant.now();
    byte[] toSign =
        der(
            SEQUENCE,
            der(SET_OF_VERSION, der(2, new byte[] {2})),
            der(2, BigInteger.valueOf(serial++).toByteArray()),
            ALGORITHM,
            name.getEncoded(),
            der(SEQUENCE, time(now.minusSeconds(3600)), time(now.plusSeconds(86_400))),
            subject.getEncoded(),
            subjects.getPublic().getEncoded(),
            der(EXTENSIONS, der(SEQUENCE, extensions.toArray(byte[][]::new))));
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(signer.getPrivate());
      signature.update(toSign);
      byte[] signed = der(3, new byte[] {0}, signature.sign());
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(
                  new ByteArrayInputStream(der(SEQUENCE, toSign, ALGORITHM, signed)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] time(Instant moment) {
    return der(0x17, UTC_TIME.format(moment).getBytes(StandardCharsets.US_ASCII));
  }

  /** Basic constraints, critical: it is an authority. */
  private static byte[] isAuthority() {
    byte[] yes = der(1, new byte[] {(byte) 0xff});
    return der(SEQUENCE, oid(0x55, 0x1d, 0x13), yes, der(4, der(SEQUENCE, yes)));
  }

  private static byte[] extension(byte[] oid, byte[] value) {
    return der(SEQUENCE, oid, der(4, value));
  }

  private static byte[] oid(int... bytes) {
    byte[] value = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      value[i] = (byte) bytes[i];
    }
    return der(6, value);
  }

  /** A value in the distinguished encoding rules (X.690). */
  private static byte[] der(int tag, byte[]... contents) {
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    for (byte[] content : contents) {
      value.writeBytes(content);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    int length = value.size();
    if (length >= 0x100) {
      out.write(0x82);
      out.write(length >> 8);
    } else if (length >= 0x80) {
      out.write(0x81);
    }
    out.write(length);
    out.writeBytes(value.toByteArray());
    return out.toByteArray();
  }
}
