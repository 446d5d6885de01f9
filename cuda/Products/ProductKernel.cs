using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cuda.Products;

/// <summary>A kernel of matrix products and what a launch of it needs.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="SharedBytes">Shared memory of a block.</param>
/// <param name="Rows">Rows of a block: row tiles, or results of float32 weights.</param>
/// <param name="Tokens">Tokens of a block.</param>
internal sealed record ProductKernel(Action<ProductArguments> Kernel, int SharedBytes, int Rows, int Tokens)
{
    private static readonly Dictionary<(ElementType Weights, ProductShape Shape), ProductKernel> TensorCoreKernels = new()
    {
        [(ElementType.BF16, ProductShape.Decode)] = Decode<Bf16ProductWeights>(ProductKernels.Bf16DecodeProduct),
        [(ElementType.BF16, ProductShape.Batch)] = Batch<Bf16ProductWeights>(ProductKernels.Bf16BatchProduct),
        [(ElementType.BF16, ProductShape.Prefill)] = Prefill<Bf16ProductWeights>(ProductKernels.Bf16PrefillProduct),
        [(ElementType.I8, ProductShape.Decode)] = Decode<Int8ProductWeights>(ProductKernels.Int8DecodeProduct),
        [(ElementType.I8, ProductShape.Batch)] = Batch<Int8ProductWeights>(ProductKernels.Int8BatchProduct),
        [(ElementType.I8, ProductShape.Prefill)] = Prefill<Int8ProductWeights>(ProductKernels.Int8PrefillProduct),
        [(ElementType.F8E4M3, ProductShape.Decode)] = Decode<E4M3ProductWeights>(ProductKernels.E4M3DecodeProduct),
        [(ElementType.F8E4M3, ProductShape.Batch)] = Batch<E4M3ProductWeights>(ProductKernels.E4M3BatchProduct),
        [(ElementType.F8E4M3, ProductShape.Prefill)] = Prefill<E4M3ProductWeights>(ProductKernels.E4M3PrefillProduct),
        [(ElementType.I4, ProductShape.Decode)] = Decode<Int4ProductWeights>(ProductKernels.Int4DecodeProduct),
        [(ElementType.I4, ProductShape.Batch)] = Batch<Int4ProductWeights>(ProductKernels.Int4BatchProduct),
        [(ElementType.I4, ProductShape.Prefill)] = Prefill<Int4ProductWeights>(ProductKernels.Int4PrefillProduct),
    };

    private static readonly ProductKernel OfFloat32 = Float32(ProductKernels.Float32ProductOfFloat32);
    private static readonly ProductKernel OfBf16 = Float32(ProductKernels.Float32ProductOfBf16);

    /// <summary>All kernels.</summary>
    public static IEnumerable<ProductKernel> All => [.. TensorCoreKernels.Values, OfFloat32, OfBf16];

    /// <summary>Gets the kernel for a form of weights and activations. float32 weights have one shape.</summary>
    public static ProductKernel For(ElementType weights, ElementType activations, ProductShape shape)
    {
        if (weights == ElementType.F32)
        {
            return activations == ElementType.F32 ? OfFloat32 : OfBf16;
        }

        return TensorCoreKernels[(weights, shape)];
    }

    /// <summary>The grid of a launch.</summary>
    public CudaGrid Grid(in CudaMatrixLayout layout, int tokens, int experts)
    {
        int rows = layout.Type == ElementType.F32 ? layout.Outputs : layout.RowTiles;
        return new CudaGrid((rows + Rows - 1) / Rows, (tokens + Tokens - 1) / Tokens, experts);
    }

    private static ProductKernel Decode<TWeights>(Action<ProductArguments> kernel)
        where TWeights : struct, IProductWeights => new(kernel, DecodeProduct.SharedBytes<TWeights>(), 1, DecodeProduct.Tokens);

    private static ProductKernel Batch<TWeights>(Action<ProductArguments> kernel)
        where TWeights : struct, IProductWeights => new(kernel, BatchProduct.SharedBytes<TWeights>(), BatchProduct.RowTiles, BatchProduct.Tokens);

    private static ProductKernel Prefill<TWeights>(Action<ProductArguments> kernel)
        where TWeights : struct, IProductWeights =>
        new(kernel, PrefillProduct.SharedBytes<TWeights>(), PrefillProduct.RowTiles, PrefillProduct.Tokens);

    private static ProductKernel Float32(Action<ProductArguments> kernel) => new(kernel, 0, Float32Product.Rows, Float32Product.Tokens);
}
