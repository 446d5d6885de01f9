using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>
/// The shards and expert groups of a silo, with the pieces that each needs and the latest route that needs it. It does not know which pieces are loaded.
/// Not thread-safe.
/// </summary>
internal sealed class HolderTable
{
    private readonly Dictionary<string, Holder> _holders = [];
    private int _changes;

    /// <summary>Number of holders that were added so far. Any thread may read it.</summary>
    public int Changes => Volatile.Read(ref _changes);

    /// <summary>The keys of the holders.</summary>
    public IReadOnlyCollection<string> Keys => _holders.Keys;

    /// <summary>Adds a holder, or records that a later route needs it too.</summary>
    public void Add(string key, RouteNumber route, ModelPiece[] pieces)
    {
        if (!_holders.TryGetValue(key, out Holder? known) || known.Route <= route)
        {
            _holders[key] = new Holder(route, pieces);
            Volatile.Write(ref _changes, known is null ? _changes + 1 : _changes);
        }
    }

    /// <summary>Removes the holders of a route and of earlier ones, except those to keep.</summary>
    public void Retain(RouteNumber route, IEnumerable<string> kept)
    {
        HashSet<string> keys = [.. kept];
        foreach (string key in _holders.Where(holder => holder.Value.Route <= route && !keys.Contains(holder.Key)).Select(static holder => holder.Key).ToArray())
        {
            _holders.Remove(key);
        }
    }

    /// <summary>True if a key is that of a holder.</summary>
    public bool Contains(string key) => _holders.ContainsKey(key);

    /// <summary>The pieces that holders need.</summary>
    public HashSet<ModelPiece> Pieces() => [.. _holders.Values.SelectMany(static holder => holder.Pieces)];

    /// <summary>Lists what is loaded for each route.</summary>
    /// <param name="config">The model.</param>
    /// <param name="isLoaded">Whether a piece is loaded.</param>
    public HeldRouteReport[] Report(ModelConfig config, Func<ModelPiece, bool> isLoaded) =>
    [
        .. _holders.Values.GroupBy(static holder => holder.Route).Select(route =>
        {
            ModelPiece[] loaded = [.. route.SelectMany(static holder => holder.Pieces).Distinct().Where(isLoaded)];
            return new HeldRouteReport(
                route.Key.Epoch,
                route.Key.Version,
                [.. loaded.Where(static piece => piece.Kind == PieceKind.Attention).Select(piece => piece.Layer / config.ClaFactor)],
                [.. loaded.Where(static piece => piece.Kind == PieceKind.Expert).Select(piece => (piece.Layer * config.Experts) + piece.Expert)]);
        }),
    ];

    /// <summary>The pieces of a shard or expert group, and the latest route that needs them.</summary>
    private sealed record Holder(RouteNumber Route, ModelPiece[] Pieces);
}
