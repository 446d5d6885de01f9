using HunyuanOrleans.Grains.Hosting;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>
/// Leaves out silos that take no part in one of the models. Keys of requests do not name a model, so every model of this silo counts.
/// </summary>
public sealed class SameModelFilterDirector(HunyuanSiloOptions options, SiloAnnouncements announcements) : IPlacementFilterDirector
{
    /// <inheritdoc/>
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        IReadOnlyDictionary<SiloAddress, string>[] differences = [.. options.Models.Select(model => announcements.Differences(model.Name))];
        return silos.Where(silo => !differences.Any(model => model.ContainsKey(silo)));
    }
}
