using System.Collections;
using System.Text.Json.Nodes;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Silo.Settings;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace HunyuanOrleans.K8s.Tests.Support;

/// <summary>Reads the settings of a silo from the environment of its container.</summary>
internal static class ContainerSettings
{
    /// <summary>The environment variables of a container. Values from the pod and from secrets are made up.</summary>
    public static Dictionary<string, string> Environment(IReadOnlyList<Manifest> objects, Manifest owner, JsonObject container)
    {
        Dictionary<string, string> values = [];
        foreach (JsonNode? source in container["envFrom"]?.AsArray() ?? [])
        {
            string map = source!["configMapRef"]!["name"]!.GetValue<string>();
            Manifest found = Assert.Single(objects, o => o.Kind == "ConfigMap" && o.Name == map);
            foreach ((string name, JsonNode? value) in found.Json["data"]!.AsObject())
            {
                values[name] = value!.GetValue<string>();
            }
        }

        foreach (JsonNode? variable in container["env"]?.AsArray() ?? [])
        {
            values[variable!["name"]!.GetValue<string>()] = variable["value"]?.GetValue<string>() ?? FromPod(owner, variable["valueFrom"]!.AsObject());
        }

        return values;
    }

    /// <summary>The validated settings of a silo in this environment. Paths that exist only in a cluster are replaced by paths of this checkout.</summary>
    public static HostSettings Read(IReadOnlyDictionary<string, string> environment)
    {
        Hashtable here = new(environment.Where(static v => v.Value.Length > 0).ToDictionary(static v => v.Key, static v => v.Value));
        foreach (string variable in new[] { "HUNYUAN_MODEL", "HUNYUAN_TLS_CERTIFICATE", "HUNYUAN_TLS_KEY", "HUNYUAN_TLS_AUTHORITY" })
        {
            if (here.ContainsKey(variable))
            {
                here[variable] = variable == "HUNYUAN_MODEL" ? TestPaths.DemoModel : Path.Combine(TestPaths.DemoModel, "config.json");
            }
        }

        ConfigurationBuilder configuration = new();
        configuration.AddHostSettings(SiloCommandLine.Parse([]), here);
        return HostSettings.Read(configuration.Build());
    }

    /// <summary>The device of a silo. That of a GPU's silo is what the labels of its nodes name.</summary>
    public static DeviceProfile Device(Manifest silos, SiloSettings settings) => settings.Device.StartsWith("cuda:", StringComparison.Ordinal)
        ? DeviceCatalog.Describe(silos.PodTemplate!["spec"]!["nodeSelector"]!["nvidia.com/gpu.product"]!.GetValue<string>())
        : DeviceCatalog.Get(settings.Device);

    /// <summary>The container of a silo in its pod.</summary>
    public static JsonObject Container(Manifest silos) =>
        silos.PodTemplate!["spec"]!["containers"]!.AsArray().Single(static c => c!["name"]!.GetValue<string>() == "silo")!.AsObject();

    /// <summary>All silos of a rendered overlay, as the planner sees them, and the settings of the first kind of them.</summary>
    public static (SiloCapacity[] Silos, SiloSettings Settings) Silos(IReadOnlyList<Manifest> objects)
    {
        (Manifest Silos, SiloSettings Settings, int Count)[] roles = [.. objects.Where(static o => o.IsSilos).Select(silos =>
            (silos, Read(Environment(objects, silos, Container(silos))).Silo, silos.Spec["replicas"]!.GetValue<int>()))];
        SiloCapacity[] capacities = [.. roles.SelectMany(static role => Enumerable.Range(0, role.Count).Select(i =>
            SiloCapacity.FromDevice($"{role.Settings.Name}{i}", Device(role.Silos, role.Settings), memoryBytes: MemorySize.Parse(role.Settings.Memory!)!.Value)
                with { Role = role.Settings.Role }))];
        return (capacities, roles[0].Settings);
    }

    private static string FromPod(Manifest owner, JsonObject from)
    {
        if (from["secretKeyRef"] is not null)
        {
            return "secret";
        }

        string path = from["fieldRef"]!["fieldPath"]!.GetValue<string>();
        const string Label = "metadata.labels['";
        return path switch
        {
            "metadata.name" => owner.Name + "-0",
            "status.podIP" => "10.0.0.1",
            "spec.nodeName" => "node-1",
            _ when path.StartsWith(Label, StringComparison.Ordinal) => owner.PodTemplate!["metadata"]!["labels"]![path[Label.Length..^2]]?.GetValue<string>() ?? "",
            _ => throw new InvalidDataException($"{owner}: {path} is not a known field of a pod."),
        };
    }
}
