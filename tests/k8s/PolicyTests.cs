using System.Text.Json.Nodes;
using HunyuanOrleans.K8s.Tests.Support;
using Xunit;

namespace HunyuanOrleans.K8s.Tests;

/// <summary>Pods have no rights that they do not need, declare their resources, and have probes.</summary>
public sealed class PolicyTests
{
    public static TheoryData<string> Overlays => Manifests.OverlayCases;

    [Fact]
    public void Pods_of_the_files_are_restricted() => Assert.All(Manifests.Written.Where(static m => m.PodTemplate is not null && !IsPatch(m)), Restricted);

    [SkippableTheory]
    [MemberData(nameof(Overlays))]
    public void Pods_of_the_overlays_are_restricted(string overlay)
    {
        Manifest[] pods = [.. Manifests.Render(overlay).Where(static o => o.PodTemplate is not null)];
        Assert.NotEmpty(pods);
        Assert.All(pods, Restricted);
        Assert.All(pods.SelectMany(static p => p.Containers), static container =>
            Assert.Matches("^[a-z0-9./-]+:[0-9][A-Za-z0-9.-]*$", container["image"]!.GetValue<string>()));
    }

    [Fact]
    public void Long_running_containers_have_all_three_probes() => Assert.All(Manifests.Written.Where(static m => m.Kind == "StatefulSet" && !IsPatch(m)), static set =>
        Assert.All(set.PodTemplate!["spec"]!["containers"]!.AsArray(), container => Assert.All(
            (string[])["startupProbe", "readinessProbe", "livenessProbe"],
            probe => Assert.True(container![probe]?["httpGet"] is not null || container[probe]?["exec"] is not null, $"{set} has no {probe}."))));

    [SkippableTheory]
    [MemberData(nameof(Overlays))]
    public void Silos_are_spread_and_evicted_one_at_a_time(string overlay)
    {
        IReadOnlyList<Manifest> objects = Manifests.Render(overlay);
        Assert.All(objects.Where(static o => o.IsSilos), silos =>
        {
            Manifest budget = Assert.Single(objects, o => o.Kind == "PodDisruptionBudget" && silos.IsSelectedBy(o.Spec["selector"]!["matchLabels"]));
            Assert.Equal(1, budget.Spec["maxUnavailable"]!.GetValue<int>());
            Assert.Single(objects, o => o.IsSilos && o.IsSelectedBy(budget.Spec["selector"]!["matchLabels"]));
            JsonArray spread = silos.PodTemplate!["spec"]!["topologySpreadConstraints"]!.AsArray();
            Assert.Equal(["kubernetes.io/hostname", "topology.kubernetes.io/zone"], spread.Select(static s => s!["topologyKey"]!.GetValue<string>()).Order());
            Assert.All(spread, s => Assert.Single(objects, o => o.IsSilos && o.IsSelectedBy(s!["labelSelector"]!["matchLabels"])));
        });
    }

    [SkippableFact]
    public void Silos_that_compute_request_GPUs()
    {
        IReadOnlyList<Manifest> objects = Manifests.Render("h200");
        foreach (Manifest silos in objects.Where(static o => o.IsSilos))
        {
            JsonNode resources = silos.PodTemplate!["spec"]!["containers"]![0]!["resources"]!;
            bool computes = !silos.Name.EndsWith("gateway", StringComparison.Ordinal);
            Assert.Equal(computes ? "1" : null, resources["limits"]!["nvidia.com/gpu"]?.GetValue<string>());
            Assert.Equal(computes, silos.PodTemplate!["spec"]!["nodeSelector"] is not null);
            JsonObject container = silos.PodTemplate!["spec"]!["containers"]![0]!.AsObject();
            Assert.Equal(computes ? "cuda:0" : "cpu", ContainerSettings.Environment(objects, silos, container)["HUNYUAN_DEVICE"]);
            // Requests equal limits in every container, also of those that run before: the kubelet then assigns exclusive CPUs.
            JsonNode[] all = [.. ((string[])["initContainers", "containers"]).SelectMany(
                kind => silos.PodTemplate!["spec"]![kind]!.AsArray().Select(static c => c!["resources"]!))];
            Assert.True(!computes || all.All(static r => JsonNode.DeepEquals(r["limits"], r["requests"])));
            Assert.True(all.Length > 1);
        }
    }

    private static void Restricted(Manifest owner)
    {
        JsonNode pod = owner.PodTemplate!["spec"]!;
        JsonNode security = pod["securityContext"]!;
        Assert.True(security["runAsNonRoot"]!.GetValue<bool>(), owner.ToString());
        Assert.True(security["runAsUser"]!.GetValue<int>() >= 100, owner.ToString());
        Assert.Equal("RuntimeDefault", security["seccompProfile"]!["type"]!.GetValue<string>());
        Assert.False(pod["automountServiceAccountToken"]!.GetValue<bool>());
        Assert.All((string[])["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"], field => Assert.Null(pod[field]));
        JsonArray volumes = pod["volumes"]!.AsArray();
        Assert.All(volumes, static volume => Assert.Single(volume!.AsObject(), static f => f.Key is "emptyDir" or "persistentVolumeClaim" or "secret" or "configMap"));
        string[] names = [.. volumes.Select(static v => v!["name"]!.GetValue<string>()),
            .. (owner.Spec["volumeClaimTemplates"]?.AsArray() ?? []).Select(static t => t!["metadata"]!["name"]!.GetValue<string>())];
        Assert.NotEmpty(owner.Containers);
        foreach (JsonObject container in owner.Containers)
        {
            JsonNode own = container["securityContext"]!;
            Assert.True(own["readOnlyRootFilesystem"]!.GetValue<bool>());
            Assert.False(own["allowPrivilegeEscalation"]!.GetValue<bool>());
            Assert.Null(own["privileged"]);
            Assert.Equal("""{"drop":["ALL"]}""", own["capabilities"]!.ToJsonString());
            foreach (string resource in new[] { "cpu", "memory" })
            {
                double limit = Quantity.Read(container["resources"]!["limits"]![resource]!.GetValue<string>());
                Assert.InRange(Quantity.Read(container["resources"]!["requests"]![resource]!.GetValue<string>()), 0.01, limit);
            }

            Assert.All(container["volumeMounts"]!.AsArray(), mount => Assert.Contains(mount!["name"]!.GetValue<string>(), names));
        }
    }

    // Patch files are not complete objects. They are checked as part of the rendered overlays.
    private static bool IsPatch(Manifest manifest) => manifest.PodTemplate?["spec"]?["securityContext"] is null;
}
