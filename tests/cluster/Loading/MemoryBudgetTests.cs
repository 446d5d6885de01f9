using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model.Parts;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Loading;

/// <summary>A silo's memory: what is dropped before other parts are loaded, what is refused, and what is reported as held.</summary>
public sealed class MemoryBudgetTests : IDisposable
{
    private static readonly TestModel Model = new("tiny-top8-nocla");

    private static readonly long Expert = new PieceSizes(Model.Settings, Model.Config).Of(ModelPiece.OfExpert(1, 0));

    // Room for four experts and a bit.
    private readonly MemoryBudget _memory = new((4 * Expert) + 100);

    private readonly ModelHost _host;

    public MemoryBudgetTests() => _host = new ModelHost(Model.Settings, _memory, NullLogger.Instance, TimeProvider.System);

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task What_exceeds_the_memory_is_refused_with_numbers()
    {
        GrainCallException refused = await Assert.ThrowsAsync<GrainCallException>(() => HoldAsync("a", 1, 0, 5));
        Assert.Contains($"takes {Expert:N0} bytes, and {4 * Expert:N0} of the silo's {(4 * Expert) + 100:N0} bytes are in use", refused.Message, StringComparison.Ordinal);
        Assert.Equal(4 * Expert, _memory.Peak);
    }

    [Fact]
    public async Task What_is_not_needed_is_dropped_before_the_next_route_is_loaded()
    {
        await HoldAsync("a", 1, 0, 3);
        Assert.Equal(3 * Expert, _memory.Used);
        await Assert.ThrowsAsync<GrainCallException>(() => HoldAsync("b", 2, 2, 3));

        // Experts 2 and 3 are needed by the next route, 0 and 1 by none.
        await _host.ReserveAsync(1, 3, new Dictionary<string, ModelPiece[]> { ["c"] = Pieces(2, 4) }, []);
        await HoldAsync("c", 3, 2, 4);
        Assert.Equal(4 * Expert, _memory.Used);
        Assert.Equal(4 * Expert, _memory.Peak);
        HeldRouteReport held = Assert.Single(_host.Report().Routes);
        Assert.Equal((1, 3), (held.Epoch, held.Version));
        Assert.Equal(Pieces(2, 4).Select(static piece => (piece.Layer * Model.Config.Experts) + piece.Expert), held.Experts.Order());
    }

    [Fact]
    public async Task A_later_scheduler_drops_what_an_earlier_one_left_though_it_counts_versions_from_one()
    {
        _host.Enter(7);
        await HoldAsync("old", 7, 40, Pieces(0, 2));
        _host.Enter(8);
        await HoldAsync("new", 8, 1, Pieces(1, 2));
        Assert.Equal([(7, 40), (8, 1)], _host.Report().Routes.Select(static route => (route.Epoch, route.Version)).Order());
        await _host.RetainAsync(8, 1, ["new"]);
        Assert.Equal(["new"], _host.Report().Holders);
        Assert.Equal(8, _host.Report().Epoch);
        Assert.Equal(2 * Expert, _memory.Used);
    }

    private static ModelPiece[] Pieces(int first, int count) => [.. Enumerable.Range(first, count).Select(static expert => ModelPiece.OfExpert(1, expert))];

    private Task HoldAsync(string holder, long version, int first, int count) => HoldAsync(holder, 1, version, Pieces(first, count));

    private async Task HoldAsync(string holder, long epoch, long version, ModelPiece[] pieces)
    {
        while (!(await _host.HoldAsync(holder, epoch, version, pieces, ModelHost.MaxLoadWait)).State.IsLoaded)
        {
        }
    }
}
