using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>Reads from the reports of silos which of them hold what of a model.</summary>
internal static class HeldPartsReader
{
    /// <summary>The parts that silos hold; null if they hold none.</summary>
    /// <param name="config">The model.</param>
    /// <param name="reports">The report of each silo; null for a silo without the model.</param>
    public static HeldParts? Read(ModelConfig config, IReadOnlyDictionary<string, HoldingReport?> reports) => HeldParts.FromReports(
        config,
        [
            .. reports.Select(silo => new SiloHolding(
                silo.Key,
                [
                    .. (silo.Value?.Routes ?? []).Select(route => new HeldRoute(
                        route.Epoch, route.Version, route.Groups, [.. route.Experts.Select(expert => (expert / config.Experts, expert % config.Experts))])),
                ])),
        ]);
}
