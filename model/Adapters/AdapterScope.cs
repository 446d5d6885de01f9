using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model.Adapters;

/// <summary>The pieces of a model for which an adapter is loaded: those that one device holds. Immutable.</summary>
public sealed class AdapterScope
{
    private readonly int _experts;
    private readonly bool[] _layers;
    private readonly bool[] _routed;

    /// <summary>Creates a scope.</summary>
    /// <param name="config">The model.</param>
    /// <param name="pieces">Its pieces. Adapters change neither embedding nor head, so these do not count.</param>
    public AdapterScope(ModelConfig config, IEnumerable<ModelPiece> pieces)
    {
        _experts = config.Experts;
        _layers = new bool[config.Layers];
        _routed = new bool[config.HasExperts ? config.Layers * config.Experts : 0];
        foreach (ModelPiece piece in pieces)
        {
            if (piece.Kind == PieceKind.Attention)
            {
                _layers.AsSpan(piece.Layer, Math.Min(config.ClaFactor, config.Layers - piece.Layer)).Fill(true);
            }
            else if (piece.Kind == PieceKind.Expert)
            {
                _routed[(piece.Layer * _experts) + piece.Expert] = true;
            }
        }
    }

    /// <summary>Whether attention and the plain or shared MLP of a layer are in the scope.</summary>
    public bool HasLayer(int layer) => _layers[layer];

    /// <summary>Whether a routed expert is in the scope.</summary>
    public bool HasExpert(int layer, int expert) => _routed[(layer * _experts) + expert];

    /// <summary>Whether everything in another scope of the same model is in this one.</summary>
    public bool Contains(AdapterScope other) => Contains(_layers, other._layers) && Contains(_routed, other._routed);

    internal bool Has(AdaptedPlace place) => place.Expert < 0 ? HasLayer(place.Layer) : HasExpert(place.Layer, place.Expert);

    private static bool Contains(bool[] all, bool[] some)
    {
        for (int i = 0; i < all.Length; i++)
        {
            if (some[i] && !all[i])
            {
                return false;
            }
        }

        return true;
    }
}
