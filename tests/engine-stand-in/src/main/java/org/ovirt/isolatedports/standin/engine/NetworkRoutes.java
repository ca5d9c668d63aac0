// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.Api.Request;
import org.ovirt.isolatedports.standin.engine.Model.Target;

/** Data centers, clusters, networks and vNIC profiles. */
final class NetworkRoutes extends Routes {
  NetworkRoutes(Engine engine) {
    super(engine);
    dataCentersAndClusters();
    networks();
    profiles();
  }

  private void dataCentersAndClusters() {
    getList(
        "datacenters",
        "data_centers",
        "data_center",
        r -> engine.dataCenters.all().stream().map(views::dataCenter));
    getOne(
        "datacenters/{dc}",
        "data_center",
        r -> views.dataCenter(found(engine.dataCenters.get(r.id("dc")))));
    post(
        "datacenters",
        org.ovirt.engine.sdk4.types.DataCenter.class,
        "data_center",
        r -> views.dataCenter(engine.clusterCommands.addDataCenter(r.caller(), r.body())));
    // Storage is not modelled, so there are no bonds of it.
    getList(
        "datacenters/{dc}/iscsibonds",
        "iscsi_bonds",
        "iscsi_bond",
        r -> {
          found(engine.dataCenters.get(r.id("dc")));
          return Stream.empty();
        });
    getList(
        "datacenters/{dc}/clusters",
        "clusters",
        "cluster",
        r -> {
          found(engine.dataCenters.get(r.id("dc")));
          return engine.clusters.where(each -> each.dataCenter().equals(r.id("dc"))).stream()
              .map(views::cluster);
        });
    getList(
        "clusters", "clusters", "cluster", r -> engine.clusters.all().stream().map(views::cluster));
    getOne(
        "clusters/{cluster}",
        "cluster",
        r -> views.cluster(found(engine.clusters.get(r.id("cluster")))));
    Class<?> type = org.ovirt.engine.sdk4.types.Cluster.class;
    post(
        "clusters",
        type,
        "cluster",
        r ->
            views.clusterWritten(
                engine.clusterCommands.add(r.caller(), r.body(), Optional.empty())));
    post(
        "datacenters/{dc}/clusters",
        type,
        "cluster",
        r ->
            views.clusterWritten(
                engine.clusterCommands.add(r.caller(), r.body(), Optional.of(r.id("dc")))));
    BiFunction<Request, UUID, Tree> update =
        (r, id) -> views.clusterWritten(engine.clusterCommands.update(r.caller(), id, r.body()));
    put("clusters/{cluster}", type, "cluster", r -> update.apply(r, r.id("cluster")));
    put(
        "datacenters/{dc}/clusters/{cluster}",
        type,
        "cluster",
        r -> update.apply(r, r.id("cluster")));
    delete(
        "clusters/{cluster}",
        false,
        r -> engine.clusterCommands.remove(r.caller(), r.id("cluster")));
    permissions(
        "clusters/{cluster}", r -> Clusters.target(existing(engine.clusters, r, "cluster")));
    permissions(
        "datacenters/{dc}", r -> new Target("data_center", existing(engine.dataCenters, r, "dc")));
  }

  private void networks() {
    Class<?> type = org.ovirt.engine.sdk4.types.Network.class;
    getList(
        "networks",
        "networks",
        "network",
        r -> visibleNetworks(r, network -> true).map(views::network));
    getOne(
        "networks/{network}",
        "network",
        r -> views.network(engine.networkCommands.find(r.caller(), r.id("network"))));
    post(
        "networks",
        type,
        "network",
        r ->
            views.networkWritten(
                engine.networkCommands.add(r.caller(), r.body(), Optional.empty()), true));
    put(
        "networks/{network}",
        type,
        "network",
        r ->
            views.networkWritten(
                engine.networkCommands.update(r.caller(), r.id("network"), r.body()), true));
    delete(
        "networks/{network}",
        true,
        r -> engine.networkCommands.remove(r.caller(), r.id("network")));
    getList(
        "networks/{network}/networklabels",
        "network_labels",
        "network_label",
        r -> engine.networkCommands.labels(r.caller(), r.id("network")).stream());
    post(
        "networks/{network}/networklabels",
        org.ovirt.engine.sdk4.types.NetworkLabel.class,
        "network_label",
        r -> engine.networkCommands.addLabel(r.caller(), r.id("network"), r.body()));
    delete(
        "networks/{network}/networklabels/{label}",
        false,
        r ->
            engine.networkCommands.removeLabel(r.caller(), r.id("network"), r.path().get("label")));
    permissions(
        "networks/{network}", r -> Networks.target(existing(engine.networks, r, "network")));

    getList(
        "datacenters/{dc}/networks",
        "networks",
        "network",
        r -> {
          UUID id = found(engine.dataCenters.get(r.id("dc"))).id();
          return visibleNetworks(r, network -> network.dataCenter().equals(id))
              .map(views::networkOfDataCenter);
        });
    getOne(
        "datacenters/{dc}/networks/{network}",
        "network",
        r -> views.networkWritten(networkOfDataCenter(r), false));
    post(
        "datacenters/{dc}/networks",
        type,
        "network",
        r ->
            views.networkWritten(
                engine.networkCommands.add(r.caller(), r.body(), Optional.of(r.id("dc"))), false));
    put(
        "datacenters/{dc}/networks/{network}",
        type,
        "network",
        r ->
            views.networkWritten(
                engine.networkCommands.update(r.caller(), networkOfDataCenter(r).id(), r.body()),
                false));
    delete(
        "datacenters/{dc}/networks/{network}",
        true,
        r -> engine.networkCommands.remove(r.caller(), networkOfDataCenter(r).id()));
    permissions(
        "datacenters/{dc}/networks/{network}",
        r -> Networks.target(existing(engine.networks, r, "network")));

    getList(
        "clusters/{cluster}/networks",
        "networks",
        "network",
        r -> engine.clusterNetworkCommands.ofCluster(r.caller(), r.id("cluster")).stream());
    getOne(
        "clusters/{cluster}/networks/{network}",
        "network",
        r ->
            engine.clusterNetworkCommands.oneOfCluster(
                r.caller(), r.id("cluster"), r.id("network")));
    post(
        "clusters/{cluster}/networks",
        type,
        "network",
        r -> engine.clusterNetworkCommands.attach(r.caller(), r.id("cluster"), r.body()));
    put(
        "clusters/{cluster}/networks/{network}",
        type,
        "network",
        r ->
            engine.clusterNetworkCommands.updateInCluster(
                r.caller(), r.id("cluster"), r.id("network"), r.body()));
    delete(
        "clusters/{cluster}/networks/{network}",
        false,
        r -> engine.clusterNetworkCommands.detach(r.caller(), r.id("cluster"), r.id("network")));
  }

  private Model.Network networkOfDataCenter(Request r) {
    Model.Network network = engine.networkCommands.find(r.caller(), r.id("network"));
    if (!network.dataCenter().equals(r.id("dc"))) {
      throw ApiException.notFound();
    }
    return network;
  }

  private Stream<Model.Network> visibleNetworks(
      Request r, java.util.function.Predicate<Model.Network> which) {
    return engine.networks.where(which).stream()
        .filter(network -> engine.rights.sees(r.caller(), Networks.target(network.id())));
  }

  private void profiles() {
    Class<?> type = org.ovirt.engine.sdk4.types.VnicProfile.class;
    Function<Request, Stream<Model.VnicProfile>> visible =
        r ->
            engine
                .profiles
                .where(each -> engine.rights.sees(r.caller(), Profiles.target(each.id())))
                .stream();
    getList(
        "vnicprofiles", "vnic_profiles", "vnic_profile", r -> visible.apply(r).map(views::profile));
    getList(
        "networks/{network}/vnicprofiles",
        "vnic_profiles",
        "vnic_profile",
        r -> {
          UUID network = engine.networkCommands.find(r.caller(), r.id("network")).id();
          return visible
              .apply(r)
              .filter(each -> each.network().equals(network))
              .map(views::profile);
        });
    post(
        "vnicprofiles",
        type,
        "vnic_profile",
        r ->
            views.profileWritten(
                engine.profileCommands.add(r.caller(), r.body(), Optional.empty())));
    post(
        "networks/{network}/vnicprofiles",
        type,
        "vnic_profile",
        r ->
            views.profileWritten(
                engine.profileCommands.add(r.caller(), r.body(), Optional.of(r.id("network")))));
    for (String path :
        List.of("vnicprofiles/{profile}", "networks/{network}/vnicprofiles/{profile}")) {
      getOne(
          path,
          "vnic_profile",
          r -> views.profile(engine.profileCommands.find(r.caller(), r.id("profile"))));
      put(
          path,
          type,
          "vnic_profile",
          r ->
              views.profileWritten(
                  engine.profileCommands.update(r.caller(), r.id("profile"), r.body())));
      delete(path, false, r -> engine.profileCommands.remove(r.caller(), r.id("profile")));
      permissions(path, r -> Profiles.target(existing(engine.profiles, r, "profile")));
    }
    Tree filter =
        Tree.ref(
                Views.API + "/networkfilters/" + Engine.NO_MAC_SPOOFING,
                Engine.NO_MAC_SPOOFING.toString())
            .put("name", "vdsm-no-mac-spoofing");
    getList("networkfilters", "network_filters", "network_filter", r -> Stream.of(filter));
  }
}
