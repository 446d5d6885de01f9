using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Bench.Counts;

/// <summary>What one product costs a kernel, counted on the interpreter. Instructions are those of the PTX; an assembler folds some of them.</summary>
/// <param name="Weights">Type of the weights.</param>
/// <param name="Shape">Shape of the kernel.</param>
/// <param name="Outputs">Rows of the matrix.</param>
/// <param name="Columns">Columns of the matrix.</param>
/// <param name="Tokens">Tokens of the product.</param>
/// <param name="Registers">The most 32-bit registers that hold values at once.</param>
/// <param name="SharedBytes">Shared memory of a block.</param>
/// <param name="Blocks">Number of blocks.</param>
/// <param name="Instructions">Instructions, each counted once for a warp.</param>
/// <param name="WeightBytes">Bytes of the weights and their scales.</param>
/// <param name="BytesRead">Bytes read from device memory: weights, scales and tokens, by every block that reads them.</param>
/// <param name="SharedTraffic">Bytes written to shared memory and read from it.</param>
/// <param name="TensorProducts">Products of [16, 16] and [16, 8] on tensor cores.</param>
internal sealed record ProductCount(
    ElementType Weights,
    ProductShape Shape,
    int Outputs,
    int Columns,
    int Tokens,
    int Registers,
    int SharedBytes,
    long Blocks,
    long Instructions,
    long WeightBytes,
    long BytesRead,
    long SharedTraffic,
    long TensorProducts)
{
    /// <summary>Bytes of weights and scales for each instruction of a warp.</summary>
    public double WeightBytesPerInstruction => (double)WeightBytes / Instructions;

    /// <summary>Instructions of a warp for each product of tiles.</summary>
    public double InstructionsPerTensorProduct => (double)Instructions / TensorProducts;

    /// <summary>Bytes written to shared memory and read from it for each product of tiles.</summary>
    public double SharedTrafficPerTensorProduct => (double)SharedTraffic / TensorProducts;
}
