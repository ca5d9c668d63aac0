// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.xmlrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class XmlRpcReaderTest {

  /** What one call of the full 1 MiB may cost in memory, whatever is in it. */
  private static final long ALLOCATED = 32L << 20;

  private final XmlRpcReader reader = new XmlRpcReader(XmlRpcLimits.DEFAULT);

  @Test
  void readsAllTypesInAllTheirForms() throws Exception {
    XmlRpcCall call =
        read(
            "<methodCall>\n <methodName>m</methodName> <params>"
                + "<param><value>bare &lt;&amp;<![CDATA[ <x> ]]></value></param>"
                + "<param><value> <string>s</string> </value></param>"
                + "<param><value><int>-7</int></value></param>"
                + "<param><value><boolean>1</boolean></value></param>"
                + "<param><!-- c --><value><struct><member><name>n</name>"
                + "<value><array><data><value/></data></array></value></member></struct></value>"
                + "</param><param><value><nil/></value></param></params></methodCall>");
    assertThat(call.params())
        .containsExactly(
            new XmlRpcValue.Text("bare <& <x> "),
            new XmlRpcValue.Text("s"),
            new XmlRpcValue.Int(-7),
            new XmlRpcValue.Bool(true),
            new XmlRpcValue.Struct(
                Map.of("n", new XmlRpcValue.Array(List.of(new XmlRpcValue.Text(""))))),
            new XmlRpcValue.Nil());
  }

  @Test
  void takesACallWithoutParams() throws Exception {
    assertThat(read("<methodCall><methodName>m</methodName></methodCall>").params()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<value/>",
        "<value><array><data/></array></value>",
        "<value><struct><member><name>a</name><value/></member></struct></value>",
        "<value a='1' b='2'/>",
        "<!---->",
        "&lt;",
        "<x xmlns:q='u'/>",
      })
  void aMebibyteOfAnythingAllocatesNoMoreThanItsBound(String unit) {
    String start = "<methodCall><methodName>m</methodName><params><param><value><array><data>";
    byte[] body =
        (start + unit.repeat(((1 << 20) - start.length()) / unit.length()))
            .getBytes(StandardCharsets.UTF_8);
    assertThat(allocatedBy(body)).isLessThan(ALLOCATED);
  }

  @Test
  void randomDamageToARealCallIsReadOrRefusedAndNothingElse() throws Exception {
    byte[] recorded;
    try (var in = getClass().getResourceAsStream("/scheduler/runFilters.http")) {
      String whole = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      recorded = whole.substring(whole.indexOf("<?xml")).getBytes(StandardCharsets.UTF_8);
    }
    assertThat(reader.read(recorded).method()).isEqualTo("runFilters");
    Random random = new Random(4);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = recorded.clone();
      for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      try {
        reader.read(damaged);
      } catch (XmlRpcFault fault) {
        assertThat(fault.getMessage()).endsWith(".");
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(1000);
  }

  @Test
  void depthIsLimitedExactly() throws Exception {
    assertThat(read(nested(8)).params()).hasSize(1);
    assertThatThrownBy(() -> read(nested(9)))
        .isInstanceOf(XmlRpcFault.class)
        .hasMessage("The request nests values more than 8 deep.");
  }

  @Test
  void whatXmlCannotHoldIsReplacedInAnswers() {
    assertThat(XmlRpcWriter.answer(new XmlRpcValue.Text("a\u0000<b>\ud800&\r\n")))
        .contains("<string>a\ufffd&lt;b&gt;\ufffd&amp;&#13;\n</string>");
  }

  private static String nested(int depth) {
    return "<methodCall><methodName>m</methodName><params><param>"
        + "<value><array><data>".repeat(depth - 1)
        + "<value/>"
        + "</data></array></value>".repeat(depth - 1)
        + "</param></params></methodCall>";
  }

  private XmlRpcCall read(String body) throws XmlRpcFault {
    return reader.read(body.getBytes(StandardCharsets.UTF_8));
  }

  private long allocatedBy(byte[] body) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    assertThatThrownBy(() -> reader.read(body)).isInstanceOf(XmlRpcFault.class);
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThatThrownBy(() -> reader.read(body)).isInstanceOf(XmlRpcFault.class);
    return threads.getCurrentThreadAllocatedBytes() - before;
  }
}
