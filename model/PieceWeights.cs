using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model;

/// <summary>The weights of one piece, to be put into the parts of a model and taken out again. It does not own the memory they lie in.</summary>
internal sealed class PieceWeights
{
    private readonly ModelPiece _piece;
    private readonly AttentionLayerWeights[] _attention = [];
    private readonly RouterLayerWeights[] _routers = [];
    private readonly ExpertWeights? _expert;
    private readonly HeadWeights? _head;
    private readonly RowSource? _embedding;

    /// <summary>Plans them.</summary>
    /// <param name="piece">A piece of the model.</param>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="plan">Receives the matrices; they must be loaded before the weights are used.</param>
    public PieceWeights(ModelPiece piece, Weights weights, WeightPlan plan)
    {
        _piece = piece;
        int group = weights.Config.ClaFactor;
        switch (piece.Kind)
        {
            case PieceKind.Embedding:
                _embedding = weights.Embedding();
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

    /// <summary>Puts them in place.</summary>
    public void InstallInto(ModelParts parts) => Set(parts, held: true);

    /// <summary>Takes them out, so that nothing uses them any more.</summary>
    public void RemoveFrom(ModelParts parts) => Set(parts, held: false);

    private void Set(ModelParts parts, bool held)
    {
        switch (_piece.Kind)
        {
            case PieceKind.Embedding:
                parts.Embedding.Rows = held ? _embedding : null;
                break;
            case PieceKind.Head:
                parts.Head.Weights = held ? _head : null;
                break;
            case PieceKind.Attention:
                for (int i = 0; i < _attention.Length; i++)
                {
                    parts.Attention.Set(_piece.Layer + i, held ? _attention[i] : null);
                    parts.Router.Set(_piece.Layer + i, held ? _routers[i] : null);
                }

                break;
            default:
                parts.Experts!.Set(_piece.Layer, _piece.Expert, held ? _expert : null);
                break;
        }
    }
}
