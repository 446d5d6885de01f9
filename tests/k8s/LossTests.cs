using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.K8s.Tests.Support;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Silo.Settings;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.K8s.Tests;

/// <summary>
/// The clusters of the overlays survive the loss of any silo: the others can hold the model, and deadlines are longer than loading the lost share takes.
/// The overlay single is one silo by design.
/// </summary>
public sealed class LossTests
{
    /// <summary>Bytes per second that the volume of weights gives each silo, as docs/operating.md says.</summary>
    private const double LoadBytesPerSecond = 500e6;

    // A silo hands its share over within this part of its grace.
    private const double HandoverShareOfGrace = 0.8;

    /// <summary>The overlays with several silos, and the model of each.</summary>
    public static TheoryData<string, string> Clusters => new()
    {
        { "h200", Path.Combine(TestPaths.Data, "configs", "hunyuan-large.json") },
        { "cpu-demo", Path.Combine(TestPaths.DemoModel, "config.json") },
    };

    [Fact]
    public void Every_overlay_but_the_single_silo_is_checked() =>
        Assert.Equal(Manifests.Overlays, Clusters.Select(static row => (string)row[0]).Append("single").Order(StringComparer.Ordinal));

    [SkippableTheory]
    [MemberData(nameof(Clusters))]
    public void Any_silo_may_be_lost(string overlay, string config)
    {
        (SiloCapacity[] silos, SiloSettings settings) = ContainerSettings.Silos(Manifests.Render(overlay));
        using TempModel folder = new(config);
        ModelConfig model = ModelConfig.Load(folder.Path);
        PlanOptions options = new() { MinKvTokens = settings.KvTokens };
        PartitionPlan whole = PartitionPlan.Create(model, silos, options);
        whole.EnsureFits();
        double seconds = whole.Silos.Max(static silo => silo.WeightBytes) / LoadBytesPerSecond;
        Assert.InRange(seconds, 0, settings.ShutdownGraceSeconds * HandoverShareOfGrace);
        Assert.All(silos, lost =>
        {
            PartitionPlan rest = PartitionPlan.Create(model, [.. silos.Where(silo => silo != lost)], options with { Previous = whole });
            Assert.True(rest.Fits, $"Without {lost.Name}: {rest.ShortfallMessage}");
            double loading = rest.Silos.Max(silo => silo.WeightBytes) / LoadBytesPerSecond;
            Assert.InRange(loading, 0, settings.StepDeadlineSeconds);
        });
    }

    [SkippableFact]
    public void The_autoscaler_keeps_the_spare_silos()
    {
        IReadOnlyList<Manifest> objects = Manifests.Render("h200");
        Assert.All(objects.Where(static o => o.Kind == "HorizontalPodAutoscaler"), scaler =>
        {
            string target = scaler.Spec["scaleTargetRef"]!["name"]!.GetValue<string>();
            Assert.Equal(objects.Single(o => o.IsSilos && o.Name == target).Spec["replicas"]!.GetValue<int>(), scaler.Spec["minReplicas"]!.GetValue<int>());
        });
    }
}
