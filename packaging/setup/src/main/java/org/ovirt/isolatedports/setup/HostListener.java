// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * By what hosts know the server, and the server hosts: its own key and certificate of the engine's
 * authority, and that authority. It is tried out here, so that no server starts with one that hosts
 * refuse.
 */
final class HostListener {

  private static final int HIGHEST_PORT = 65_535;

  private final Path authority;
  private final Path keystore;
  private final String password;
  private final int port;

  private HostListener(Path authority, Path keystore, String password, int port) {
    this.authority = authority;
    this.keystore = keystore;
    this.password = password;
    this.port = port;
  }

  /**
   * Reads the answers.
   *
   * @return empty where no keystore is named: then hosts cannot ask
   * @throws SetupException if hosts could not ask with it either
   */
  static Optional<HostListener> of(Answers answers) {
    if (answers.get("hosts.keystore").isBlank()) {
      return Optional.empty();
    }
    HostListener listener =
        new HostListener(
            answers.file("hosts.ca-file"),
            answers.file("hosts.keystore"),
            password(answers.get("hosts.keystore-password-file")),
            port(answers.get("hosts.port")));
    listener.check();
    return Optional.of(listener);
  }

  private static String password(String file) {
    try {
      return file.isBlank()
          ? ""
          : Files.readAllLines(Path.of(file)).stream().findFirst().orElse("");
    } catch (IOException e) {
      throw new SetupException(
          "hosts.keystore-password-file is "
              + file
              + ", which cannot be read: put the password of the keystore into its first line.");
    }
  }

  private static int port(String text) {
    if (text.matches("[0-9]{1,5}")) {
      int port = Integer.parseInt(text);
      if (port > 0 && port <= HIGHEST_PORT) {
        return port;
      }
    }
    throw new SetupException(
        "hosts.port is \"" + text + "\", which is no port: give one from 1 to 65535.");
  }

  /** The settings of the server. */
  Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("ISOLATED_PORTS_HOSTS_PORT", String.valueOf(port));
    settings.put("ISOLATED_PORTS_HOSTS_CA_FILE", authority.toString());
    settings.put("ISOLATED_PORTS_HOSTS_KEYSTORE", keystore.toString());
    settings.put("ISOLATED_PORTS_HOSTS_KEYSTORE_PASSWORD", password);
    return settings;
  }

  private void check() {
    X509Certificate own = certificate();
    try {
      own.checkValidity();
    } catch (CertificateExpiredException | CertificateNotYetValidException e) {
      throw new SetupException(
          "The certificate in "
              + keystore
              + " is valid from "
              + own.getNotBefore().toInstant()
              + " to "
              + own.getNotAfter().toInstant()
              + " only: have the engine's authority issue a new one.");
    }
    if (authorities().stream().noneMatch(each -> issued(each, own))) {
      throw new SetupException(
          "The certificate in "
              + keystore
              + " was not issued by the authority in "
              + authority
              + ", so hosts would refuse it: have the engine's authority issue one.");
    }
  }

  private static boolean issued(Certificate authority, X509Certificate own) {
    try {
      own.verify(authority.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private Collection<? extends Certificate> authorities() {
    try (InputStream in = Files.newInputStream(authority)) {
      return CertificateFactory.getInstance("X.509").generateCertificates(in);
    } catch (IOException | GeneralSecurityException e) {
      throw new SetupException(
          "hosts.ca-file is "
              + authority
              + ", which cannot be read as certificates: give the engine's CA, which it keeps in"
              + " /etc/pki/ovirt-engine/ca.pem.");
    }
  }

  private X509Certificate certificate() {
    try (InputStream in = Files.newInputStream(keystore)) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, password.toCharArray());
      List<String> names = Collections.list(store.aliases());
      for (String name : names) {
        if (store.isKeyEntry(name) && store.getCertificate(name) instanceof X509Certificate own) {
          return own;
        }
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new SetupException(
          "hosts.keystore is "
              + keystore
              + ", which cannot be read with the password of hosts.keystore-password-file: "
              + e.getMessage()
              + ".");
    }
    throw new SetupException(
        "hosts.keystore is "
            + keystore
            + ", which holds no key with a certificate: make it with openssl pkcs12 -export.");
  }
}
