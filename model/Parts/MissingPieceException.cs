namespace HunyuanOrleans.Model.Parts;

/// <summary>A computation needs a piece that its device does not hold (or holds no more).</summary>
public sealed class MissingPieceException : ModelException
{
    /// <summary>Creates the error.</summary>
    /// <param name="piece">What is missing.</param>
    /// <param name="layer">The layer that was to be computed, where the piece is one of layers.</param>
    public MissingPieceException(ModelPiece piece, int layer = 0)
        : base(Say(piece, layer)) => Piece = piece;

    /// <summary>What is missing.</summary>
    public ModelPiece Piece { get; }

    private static string Say(ModelPiece piece, int layer) => piece.Kind switch
    {
        PieceKind.Embedding => "The embedding is not held here.",
        PieceKind.Head => "The output head is not held here.",
        PieceKind.Attention => $"Layer {layer} is not held here (piece {piece}).",
        _ => $"Expert {piece.Expert} of layer {piece.Layer} is not held here.",
    };
}
