namespace HunyuanOrleans.Model.Parts;

/// <summary>A computation needs a piece that is not installed on its device.</summary>
public sealed class MissingPieceException : ModelException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="piece">The missing piece.</param>
    /// <param name="layer">For an attention piece, the layer to compute.</param>
    public MissingPieceException(ModelPiece piece, int layer = 0)
        : base(FormatMessage(piece, layer)) => Piece = piece;

    /// <summary>The missing piece.</summary>
    public ModelPiece Piece { get; }

    private static string FormatMessage(ModelPiece piece, int layer) => piece.Kind switch
    {
        PieceKind.Embedding => "The embedding is not installed on this device.",
        PieceKind.Head => "The output head is not installed on this device.",
        PieceKind.Attention => $"Layer {layer} is not installed on this device (piece {piece}).",
        _ => $"Expert {piece.Expert} of layer {piece.Layer} is not installed on this device.",
    };
}
