using System.Text.Json.Nodes;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.K8s.Tests.Support;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Silo.Hosting;
using HunyuanOrleans.Silo.Settings;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.K8s.Tests;

/// <summary>The environment of the silos' pods is valid for silos, and agrees with the pods' ports, memory and grace.</summary>
public sealed class SettingsTests
{
    public static TheoryData<string> Overlays => Manifests.OverlayCases;

    [Fact]
    public void Every_variable_of_the_files_is_a_setting()
    {
        string[] known =
        [
            .. SettingTable.All.Select(static s => s.Flag.Variable),
            .. typeof(ServerOptions).GetProperties().Select(static p => $"HUNYUAN_{ServerOptions.Section}__{p.Name}"),
        ];
        string[] used = [.. Manifests.Files.Select(static file => File.ReadAllText(Path.Combine(Manifests.Folder, file)))
            .Append(File.ReadAllText(Path.Combine(Manifests.Folder, "base", "silo.env")))
            .SelectMany(static text => System.Text.RegularExpressions.Regex.Matches(text, "HUNYUAN_[A-Za-z_]+").Select(static m => m.Value)).Distinct()];
        Assert.Contains("HUNYUAN_ADVERTISED_ADDRESS", used);
        Assert.Empty(used.Except(known));
    }

    [SkippableTheory]
    [MemberData(nameof(Overlays))]
    public void Silos_accept_the_settings_of_an_overlay(string overlay)
    {
        IReadOnlyList<Manifest> objects = Manifests.Render(overlay);
        List<(HostSettings Settings, string Name)> all = [];
        foreach (Manifest silos in objects.Where(static o => o.IsSilos))
        {
            HostSettings settings = ContainerSettings.Read(ContainerSettings.Environment(objects, silos, ContainerSettings.Container(silos)));
            Assert.Equal(silos.Name + "-0", settings.Silo.Name);
            Assert.Equal(silos.PodTemplate!["metadata"]!["labels"]!["app.kubernetes.io/component"]!.GetValue<string>(), settings.Silo.Role.ToString().ToLowerInvariant());
            Assert.Equal(settings.Clustering.Kind == ClusteringKind.Localhost ? null : "10.0.0.1", settings.Silo.AdvertisedAddress);
            Assert.Contains("0.0.0.0", settings.Silo.Urls, StringComparison.Ordinal);
            all.Add((settings, silos.Name));
        }

        // Together the silos can hold a model, and settings that must be the same on every silo are.
        Assert.Contains(all, static s => s.Settings.Silo.Role is SiloRole.Any or SiloRole.Attention);
        Assert.Contains(all, static s => s.Settings.Silo.Role is SiloRole.Any or SiloRole.Experts);
        Assert.Single(all.Select(static s => (s.Settings.Silo.ModelName, s.Settings.Silo.KvTokens, s.Settings.Silo.MaxBatchTokens, s.Settings.Clustering.ClusterId)).Distinct());
        Assert.True(all[0].Settings.Clustering.Kind == ClusteringKind.Postgres || objects.Where(static o => o.IsSilos).Sum(static o => o.Spec["replicas"]!.GetValue<int>()) == 1);
    }

    [SkippableTheory]
    [MemberData(nameof(Overlays))]
    public void Ports_of_pods_are_those_of_the_silo(string overlay)
    {
        IReadOnlyList<Manifest> objects = Manifests.Render(overlay);
        Assert.All(objects.Where(static o => o.IsSilos), silos =>
        {
            SiloSettings settings = ContainerSettings.Read(ContainerSettings.Environment(objects, silos, ContainerSettings.Container(silos))).Silo;
            Dictionary<string, int> ports = ContainerSettings.Container(silos)["ports"]!.AsArray().ToDictionary(static p => p!["name"]!.GetValue<string>(), static p => p!["containerPort"]!.GetValue<int>());
            Assert.Equal((settings.SiloPort, settings.GatewayPort, new Uri(settings.Urls).Port), (ports["silo"], ports["gateway"], ports["http"]));
        });
    }

    [SkippableTheory]
    [MemberData(nameof(Overlays))]
    public void The_grace_of_pods_is_longer_than_a_silo_takes_to_stop(string overlay)
    {
        TimeSpan cancellation = (TimeSpan)typeof(SiloHost).Assembly.GetType("HunyuanOrleans.Silo.Hosting.ShutdownMonitor")!
            .GetField("CancellationGrace", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!.GetValue(null)!;
        IReadOnlyList<Manifest> objects = Manifests.Render(overlay);
        Assert.All(objects.Where(static o => o.IsSilos), silos =>
        {
            double pause = ContainerSettings.Container(silos)["lifecycle"]!["preStop"]!["sleep"]!["seconds"]!.GetValue<double>();
            double stopping = ContainerSettings.Read(ContainerSettings.Environment(objects, silos, ContainerSettings.Container(silos))).Silo.ShutdownGraceSeconds;
            double given = silos.PodTemplate!["spec"]!["terminationGracePeriodSeconds"]!.GetValue<double>();
            TimeSpan answers = TimeSpan.Parse(ContainerSettings.Environment(objects, silos, ContainerSettings.Container(silos))["HUNYUAN_Server__ShutdownTimeout"], System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(answers.TotalSeconds, 1, stopping * 0.9);
            Assert.True(given >= pause + stopping + cancellation.TotalSeconds + 5, $"{silos}: {given} s of grace are too short for {pause} + {stopping} + {cancellation.TotalSeconds} s.");
        });
    }

    [SkippableTheory]
    [MemberData(nameof(Overlays))]
    public void Memory_for_the_model_leaves_room_for_the_program(string overlay)
    {
        IReadOnlyList<Manifest> objects = Manifests.Render(overlay);
        Assert.All(objects.Where(static o => o.IsSilos && !o.Name.EndsWith("gateway", StringComparison.Ordinal)), silos =>
        {
            SiloSettings settings = ContainerSettings.Read(ContainerSettings.Environment(objects, silos, ContainerSettings.Container(silos))).Silo;
            long memory = MemorySize.Parse(Assert.IsType<string>(settings.Memory))!.Value;
            JsonNode limits = ContainerSettings.Container(silos)["resources"]!["limits"]!;
            double limit = Quantity.Read(limits["memory"]!.GetValue<string>());
            if (limits["nvidia.com/gpu"] is null)
            {
                Assert.InRange(memory, limit * 0.4, limit * 0.9);
                return;
            }

            // Weights and K/V are in the GPU's memory, of which a silo leaves a twentieth by default.
            double gpu = ContainerSettings.Device(silos, settings).MemoryBytes;
            Assert.InRange(memory, gpu * 0.4, gpu * 0.95);
            Assert.InRange(limit, 16L << 30, double.MaxValue);
        });
    }

    [SkippableTheory]
    [InlineData("single", "a13b")]
    [InlineData("h200", "hunyuan-large")]
    public void The_model_and_the_KV_pool_of_an_overlay_fit_its_silos(string overlay, string model)
    {
        (SiloCapacity[] silos, SiloSettings settings) = ContainerSettings.Silos(Manifests.Render(overlay));
        using TempModel folder = new(Path.Combine(TestPaths.Data, "configs", model + ".json"));
        PartitionPlan plan = PartitionPlan.Create(ModelConfig.Load(folder.Path), silos, new PlanOptions { MinKvTokens = settings.KvTokens });
        plan.EnsureFits();
    }
}
