// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * By what server and hosts know each other: certificates of the engine's authority, and of no
 * other. Files that were renewed are taken up by the next connections; ones that cannot be read are
 * not.
 */
final class HostTls {

  private final Path authority;
  private final Path keystore;
  private final char[] password;
  private volatile Loaded loaded;

  private record Loaded(
      X509ExtendedKeyManager keys, X509ExtendedTrustManager trust, List<FileTime> of) {}

  HostTls(Path authority, Path keystore, String password)
      throws IOException, GeneralSecurityException {
    this.authority = authority;
    this.keystore = keystore;
    this.password = password.toCharArray();
    this.loaded = load();
  }

  /** A context that follows renewals. */
  SSLContext context() throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[] {new Keys()}, new TrustManager[] {new Trust()}, null);
    return context;
  }

  /** Takes up what was renewed since; keeps what there is where that cannot be read. */
  void renew() throws IOException, GeneralSecurityException {
    if (!times().equals(loaded.of())) {
      loaded = load();
    }
  }

  private List<FileTime> times() throws IOException {
    return List.of(Files.getLastModifiedTime(authority), Files.getLastModifiedTime(keystore));
  }

  private Loaded load() throws IOException, GeneralSecurityException {
    List<FileTime> times = times();
    KeyStore own = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keystore)) {
      own.load(in, password);
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(own, password);
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    int count = 0;
    try (InputStream in = Files.newInputStream(authority)) {
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        trusted.setCertificateEntry("ca" + count++, each);
      }
    }
    if (count == 0) {
      throw new CertificateException("There is no certificate in " + authority + ".");
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    return new Loaded(
        (X509ExtendedKeyManager) keys.getKeyManagers()[0],
        (X509ExtendedTrustManager) trust.getTrustManagers()[0],
        times);
  }

  /** Our own certificate, as last read. */
  private final class Keys extends X509ExtendedKeyManager {

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return loaded.keys().getClientAliases(type, issuers);
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      return loaded.keys().chooseClientAlias(types, issuers, socket);
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return loaded.keys().getServerAliases(type, issuers);
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      return loaded.keys().chooseServerAlias(type, issuers, socket);
    }

    @Override
    public String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine engine) {
      return loaded.keys().chooseEngineServerAlias(type, issuers, engine);
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return loaded.keys().getCertificateChain(alias);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return loaded.keys().getPrivateKey(alias);
    }
  }

  /** The engine's authority, as last read. */
  private final class Trust extends X509ExtendedTrustManager {

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      loaded.trust().checkClientTrusted(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      loaded.trust().checkClientTrusted(chain, type, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      loaded.trust().checkClientTrusted(chain, type, engine);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      loaded.trust().checkServerTrusted(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      loaded.trust().checkServerTrusted(chain, type, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      loaded.trust().checkServerTrusted(chain, type, engine);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return loaded.trust().getAcceptedIssuers();
    }
  }
}
