
namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>One tensor to write: its name and type in the file, and the rows of the checkpoint it consists of.</summary>
/// <param name="Name">The name that llama.cpp expects.</param>
/// <param name="Type">The element type to write.</param>
/// <param name="Matrices">One vector or matrix, or the matrices of all experts in order. They have the same shape.</param>
/// <param name="Dimensions">Sizes of the dimensions, innermost first, as the format has them.</param>
internal sealed record GgufTensor(string Name, GgufType Type, RowSource[] Matrices, long[] Dimensions)
{
    /// <summary>Values of one row.</summary>
    public int Columns => checked((int)Dimensions[0]);

    /// <summary>Bytes of one row.</summary>
    public int RowBytes => Type.RowBytes(Columns);

    /// <summary>Bytes of the whole tensor.</summary>
    public long Bytes => Dimensions.Skip(1).Aggregate((long)RowBytes, static (product, size) => product * size);

    /// <summary>A norm's weights, which llama.cpp keeps in float32.</summary>
    public static GgufTensor Vector(string name, RowSource vector) => new(name, GgufType.F32, [vector], [vector.Rows]);

    /// <summary>A matrix.</summary>
    public static GgufTensor Matrix(string name, GgufType type, RowSource matrix) => new(name, type, [matrix], [matrix.Columns, matrix.Rows]);

    /// <summary>The matrices of all experts as one tensor with three dimensions.</summary>
    public static GgufTensor Stack(string name, GgufType type, RowSource[] matrices) =>
        new(name, type, matrices, [matrices[0].Columns, matrices[0].Rows, matrices.Length]);
}
