// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.MalformedBodyException;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/** Every judged field with null, nothing, a wrong type, another spelling: one meaning, or none. */
class AskedBodiesTest {

  private static ApiBody json(Kind kind, String text) {
    return read(BodyFormat.JSON, kind, text.replace('\'', '"'));
  }

  private static ApiBody xml(Kind kind, String text) {
    return read(BodyFormat.XML, kind, text);
  }

  private static ApiBody read(BodyFormat format, Kind kind, String text) {
    return format.readAsked(
        text.getBytes(StandardCharsets.UTF_8), kind.element(), AskedFields.of(kind));
  }

  /** In the engine JSON's null is "not set", of whatever type the field is. */
  @ParameterizedTest
  @CsvSource({
    "NETWORK, name",
    "NETWORK, data_center",
    "NETWORK, usages",
    "NETWORK, port_isolation",
    "NETWORK, external_provider",
    "NETWORK, display",
    "VNIC_PROFILE, custom_properties",
    "VNIC_PROFILE, pass_through",
    "VNIC_PROFILE, port_mirroring",
    "VNIC_PROFILE, network",
    "VNIC_PROFILE, failover",
    "NIC, vnic_profile",
    "NIC, mac",
    "NIC, plugged",
    "NIC, linked",
    "NIC, vm",
    "VM, cluster",
    "CLUSTER, version",
    "CLUSTER, switch_type",
    "UPLINK, gateways",
    "UPLINK, mode",
    "MOVING_IN, nics",
    "MOVING_IN, vms",
    "MOVING_IN, all",
    "EMERGENCY, minutes",
    "ACLS, yaml",
    "NETWORK_POLICY, mode",
    "ADDRESS_SET, addresses",
    "PORT_GROUP, ports",
    "LABELS, namespace",
    "LABELS, labels",
    "LABELS, ips",
    "VNIC_ROLE, role",
    "UPLINK, drop_hairpin",
    "UPLINK, subnets",
    "PROFILE_SERVICES, router_and_dhcp"
  })
  void nullIsNotSet(Kind kind, String field) {
    ApiBody body = json(kind, "{'" + field + "': null}");
    assertThat(body.has(field)).isFalse();
    assertThat(body.text(field)).isEmpty();
    assertThat(body.child(field)).isEmpty();
    assertThat(body.texts(field, "x")).isEmpty();
    assertThat(body.list(field, "x")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NETWORK|{'usages': 'management'}",
        "NETWORK|{'usages': {'usage': 'management'}}",
        "NETWORK|{'usages': {'usage': {'usage': 'management'}}}",
        "NETWORK|{'usages': {'usage': [null, 'vm']}}",
        "NETWORK|{'usages': [['management']]}",
        "NETWORK|{'usages': {'usage': [' management']}}",
        "VNIC_PROFILE|{'pass_through': {'mode': 'enabled '}}",
        "NETWORK|{'data_center': '1'}",
        "NETWORK|{'data_center': [{'id': '1'}]}",
        "NETWORK|{'name': ['blue']}",
        "NETWORK|{'port_isolation': {}}",
        "NETWORK|{'external_provider': 'x'}",
        "VNIC_PROFILE|{'custom_properties': {'custom_property': {'name': 'a', 'value': 'b'}}}",
        "VNIC_PROFILE|{'custom_properties': {'custom_property': ['a=b']}}",
        "VNIC_PROFILE|{'custom_properties': 'a=b'}",
        "VNIC_PROFILE|{'pass_through': 'enabled'}",
        "VNIC_PROFILE|{'pass_through': {'mode': 'on'}}",
        "VNIC_PROFILE|{'pass_through': {'mode': ['enabled']}}",
        "NIC|{'vnic_profile': 'x'}",
        "NIC|{'vnic_profile': [{'id': 'x'}]}",
        "NIC|{'mac': '02:00:00:00:00:01'}",
        "NIC|{'plugged': [true]}",
        "VM|{'cluster': 'Default'}",
        "CLUSTER|{'switch_type': 'linux'}",
        "CLUSTER|{'switch_type': {}}",
        "CLUSTER|{'version': '4.4'}",
        "CLUSTER|{'version': {'major': '+4', 'minor': 4}}",
        "CLUSTER|{'version': {'major': ' 4', 'minor': '4'}}",
        "CLUSTER|{'version': {'major': 4.0, 'minor': '04'}}",
        "UPLINK|{'gateways': {'gateway': '02:00:00:00:00:fe'}}",
        "MOVING_IN|{'nics': {'nic': {'id': '1'}}}",
        "EMERGENCY|{'minutes': [1]}",
        "ACLS|{'yaml': ['x']}",
        "NETWORK_POLICY|{'mode': {}}",
        "ADDRESS_SET|{'addresses': {'address': '10.0.0.1'}}",
        "ADDRESS_SET|{'addresses': {'address': [' 10.0.0.1']}}",
        "PORT_GROUP|{'ports': ['web', null]}",
        "LABELS|{'labels': {'tier': 'front'}, 'namespace': []}",
        "LABELS|{'labels': {'label': [{'name': ['a']}]}}",
        "LABELS|{'ips': '10.0.0.1'}",
        "VNIC_ROLE|{'role': ['promiscuous']}",
        "UPLINK|{'subnets': '10.0.0.0/24'}",
        "UPLINK|{'drop_hairpin': ['true']}",
        "PROFILE_SERVICES|{'router_and_dhcp': {}}"
      })
  void aWrongTypeIsRefused(Kind kind, String body) {
    assertThatThrownBy(() -> json(kind, body)).isInstanceOf(MalformedBodyException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NETWORK|<network><usages><usage>vm<x/></usage></usages></network>",
        "NETWORK|<network><usages/><usages><usage>management</usage></usages></network>",
        "NETWORK|<network><port_isolation>tr<x>u</x>e</port_isolation></network>",
        "NETWORK|<network><port_isolation/><port_isolation>true</port_isolation></network>",
        "NETWORK|<network xmlns='urn:x'><name>a</name></network>",
        "NETWORK|<network><x:port_isolation xmlns:x='urn:x'>true</x:port_isolation></network>",
        "NETWORK|<network xmlns:i='http://www.w3.org/2001/XMLSchema-instance'>"
            + "<port_isolation i:nil='true'>true</port_isolation></network>",
        "NIC|<nic><vnic_profile id='1'/><vnic_profile id='2'/></nic>",
        "NIC|<nic><mac><address>a</address><address>b</address></mac></nic>",
        "CLUSTER|<cluster><switch_type>legacy</switch_type><switch_type>ovs</switch_type></cluster>"
      })
  void xmlThatReadersTakeDifferentlyIsRefused(Kind kind, String body) {
    assertThatThrownBy(() -> xml(kind, body)).isInstanceOf(MalformedBodyException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Shift_JIS", "ISO-8859-1", "UTF-16", "UTF-7", "US-ASCII", "x"})
  void anotherEncodingIsRefused(String encoding) {
    assertThatThrownBy(
            () -> xml(Kind.NETWORK, "<?xml version='1.0' encoding='" + encoding + "'?><network/>"))
        .isInstanceOf(MalformedBodyException.class)
        .hasMessageContaining("UTF-8");
  }

  @Test
  void bytesOfAnotherEncodingAreRefused() {
    for (String name : new String[] {"UTF-16", "UTF-16LE", "UTF-32", "ISO-8859-1"}) {
      for (BodyFormat format : BodyFormat.values()) {
        String text =
            format == BodyFormat.JSON ? "{\"name\": \"ü\"}" : "<network><name>ü</name></network>";
        assertThatThrownBy(
                () ->
                    format.readAsked(
                        text.getBytes(Charset.forName(name)),
                        "network",
                        AskedFields.of(Kind.NETWORK)))
            .as(name + " " + format)
            .isInstanceOf(MalformedBodyException.class);
      }
    }
    assertThatCode(() -> xml(Kind.NETWORK, "<?xml version='1.0' encoding='utf-8'?><network/>"))
        .doesNotThrowAnyException();
  }

  /** The engine takes words by {@code toUpperCase}, in which a dotless i and a long s pass. */
  @ParameterizedTest
  @ValueSource(strings = {"MANAGEMENT", "Management", "dısplay", "DıSPLAY", "diſplay", "mıgratıon"})
  void wordsAreReadAsTheEngineReadsThem(String usage) {
    ApiBody body = json(Kind.NETWORK, "{'usages': {'usage': ['" + usage + "']}}");
    assertThat(AskedUsages.of(body).orElseThrow().get(0))
        .isIn("management", "display", "migration");
    ApiBody xml =
        xml(Kind.NETWORK, "<network><usages><usage>" + usage + "</usage></usages></network>");
    assertThat(AskedUsages.of(xml)).isEqualTo(AskedUsages.of(body));
  }

  @Test
  void anIsolatedNetworkIsNotUsedForWhatIsNotKnown() {
    ApiBody body = json(Kind.NETWORK, "{'usages': {'usage': ['vm', 'backup']}}");
    assertThatThrownBy(() -> AskedUsages.unlessKnown(body, true, "Cannot add Network"))
        .isInstanceOf(FaultException.class)
        .hasMessageContaining("\"backup\"");
    assertThatCode(() -> AskedUsages.unlessKnown(body, false, "")).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a;port_isolation=promiscuous|true",
        "a|b;port_isolation=promiscuous",
        "a|b=c",
        "a=b|c",
        "' port_isolation'|true",
        "''|x"
      })
  void customPropertiesStayWhatTheyAre(String name, String value) {
    assertThatThrownBy(() -> AskedFields.unlessSeparate(property(Kind.VNIC_PROFILE, name, value)))
        .isInstanceOf(FaultException.class);
    if (!value.equals("b=c")) {
      assertThatThrownBy(() -> AskedFields.unlessSeparateOfVm(property(Kind.VM, name, value)))
          .isInstanceOf(FaultException.class);
    }
  }

  @Test
  void whatAVmHandsToQemuMayAssign() {
    ApiBody body = property(Kind.VM, "qemu_cmdline", "[\"-cpu\",\"host,vmx=on\"]");
    assertThatCode(() -> AskedFields.unlessSeparateOfVm(body)).doesNotThrowAnyException();
  }

  private static ApiBody property(Kind kind, String name, String value) {
    return json(
        kind,
        "{'custom_properties': {'custom_property': [{'name': '"
            + name
            + "', 'value': '"
            + value.replace("\"", "\\\"")
            + "'}]}}");
  }

  @Test
  void aCustomPropertyIsThereOnceAndHasAValue() {
    String one = "{'name': 'port_isolation', 'value': 'true'}";
    String list = "{'custom_properties': {'custom_property': [%s]}}";
    assertThatCode(
            () -> AskedFields.unlessSeparate(json(Kind.VNIC_PROFILE, String.format(list, one))))
        .doesNotThrowAnyException();
    for (String more :
        new String[] {one + "," + one, "{'name': 'port_isolation'}", "{'value': 'true'}"}) {
      assertThatThrownBy(
              () -> AskedFields.unlessSeparate(json(Kind.VNIC_PROFILE, String.format(list, more))))
          .as(more)
          .isInstanceOf(FaultException.class);
    }
  }

  @Test
  void aBodyIsAboutWhatThePathNames() {
    String id = "07de34ef-a256-4d44-8c57-929008db3283";
    ApiBody same = json(Kind.NIC, "{'id': '" + id.toUpperCase(java.util.Locale.ROOT) + "'}");
    assertThatCode(() -> AskedFields.unlessOf(same, "", id)).doesNotThrowAnyException();
    for (String other : new String[] {"07de34ef-a256-4d44-8c57-929008db3284", "", "x"}) {
      ApiBody body = json(Kind.NIC, "{'id': '" + other + "', 'vm': {'id': '" + other + "'}}");
      assertThatThrownBy(() -> AskedFields.unlessOf(body, "", id))
          .isInstanceOf(FaultException.class);
      assertThatThrownBy(() -> AskedFields.unlessOf(body, "vm", id))
          .isInstanceOf(FaultException.class);
    }
  }
}
