using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model;

/// <summary>
/// Puts the weights of one piece into a model's parts and takes them out again. It does not own the memory of the weights.
/// </summary>
internal sealed class PieceWeights
{
    private readonly ModelPiece _piece;
    private readonly AttentionLayerWeights[] _attention = [];
    private readonly RouterLayerWeights[] _routers = [];
    private readonly ExpertWeights? _expert;
    private readonly HeadWeights? _head;

    /// <summary>Adds the piece's matrices to a plan.</summary>
    /// <param name="piece">A piece of the model.</param>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="plan">Receives the matrices. They must be loaded before the weights are installed.</param>
    public PieceWeights(ModelPiece piece, Weights weights, WeightPlan plan)
    {
        _piece = piece;
        int group = weights.Config.GroupLayers(piece.Layer);
        switch (piece.Kind)
        {
            case PieceKind.Embedding:
                break;
            case PieceKind.Head:
                _head = HeadWeights.Plan(weights, plan);
                break;
            case PieceKind.Attention:
                _attention = [.. Enumerable.Range(piece.Layer, group).Select(layer => AttentionLayerWeights.Plan(weights, layer, plan))];
                _routers = [.. Enumerable.Range(piece.Layer, group).Select(layer => RouterLayerWeights.Plan(weights, layer, plan))];
                break;
            default:
                _expert = ExpertWeights.Plan(weights, piece.Layer, piece.Expert, plan);
                break;
        }
    }

    /// <summary>The table of the embedding's piece, which is loaded with it.</summary>
    public IEmbeddingTable? Embedding { get; set; }

    /// <summary>Makes the parts compute with these weights.</summary>
    public void InstallInto(ModelParts parts) => Set(parts, installed: true);

    /// <summary>Clears the parts' references to these weights, so that their memory can be freed.</summary>
    public void RemoveFrom(ModelParts parts) => Set(parts, installed: false);

    private void Set(ModelParts parts, bool installed)
    {
        switch (_piece.Kind)
        {
            case PieceKind.Embedding:
                parts.Embedding.Table = installed ? Embedding : null;
                break;
            case PieceKind.Head:
                parts.Head.Weights = installed ? _head : null;
                break;
            case PieceKind.Attention:
                for (int i = 0; i < _attention.Length; i++)
                {
                    parts.Attention.Set(_piece.Layer + i, installed ? _attention[i] : null);
                    parts.Router.Set(_piece.Layer + i, installed ? _routers[i] : null);
                }

                break;
            default:
                parts.Experts!.Set(_piece.Layer, _piece.Expert, installed ? _expert : null);
                break;
        }
    }
}
