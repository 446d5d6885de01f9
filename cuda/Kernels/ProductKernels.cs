using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>The kernels of matrix products. All kernels for a form of weights add in the same order, so a token's results do not depend on the kernel.</summary>
internal static class ProductKernels
{
    /// <inheritdoc cref="DecodeProduct.Run"/>
    [Kernel(threads: 32)]
    public static void Bf16DecodeProduct(ProductArguments arguments) => DecodeProduct.Run<Bf16ProductWeights>(arguments);

    /// <inheritdoc cref="DecodeProduct.Run"/>
    [Kernel(threads: 32)]
    public static void Int8DecodeProduct(ProductArguments arguments) => DecodeProduct.Run<Int8ProductWeights>(arguments);

    /// <inheritdoc cref="DecodeProduct.Run"/>
    [Kernel(threads: 32)]
    public static void E4M3DecodeProduct(ProductArguments arguments) => DecodeProduct.Run<E4M3ProductWeights>(arguments);

    /// <inheritdoc cref="DecodeProduct.Run"/>
    [Kernel(threads: 32)]
    public static void Int4DecodeProduct(ProductArguments arguments) => DecodeProduct.Run<Int4ProductWeights>(arguments);

    /// <inheritdoc cref="BatchProduct.Run"/>
    [Kernel(threads: 128)]
    public static void Bf16BatchProduct(ProductArguments arguments) => BatchProduct.Run<Bf16ProductWeights>(arguments);

    /// <inheritdoc cref="BatchProduct.Run"/>
    [Kernel(threads: 128)]
    public static void Int8BatchProduct(ProductArguments arguments) => BatchProduct.Run<Int8ProductWeights>(arguments);

    /// <inheritdoc cref="BatchProduct.Run"/>
    [Kernel(threads: 128)]
    public static void E4M3BatchProduct(ProductArguments arguments) => BatchProduct.Run<E4M3ProductWeights>(arguments);

    /// <inheritdoc cref="BatchProduct.Run"/>
    [Kernel(threads: 128)]
    public static void Int4BatchProduct(ProductArguments arguments) => BatchProduct.Run<Int4ProductWeights>(arguments);

    /// <inheritdoc cref="PrefillProduct.Run"/>
    [Kernel(threads: 256)]
    public static void Bf16PrefillProduct(ProductArguments arguments) => PrefillProduct.Run<Bf16ProductWeights>(arguments);

    /// <inheritdoc cref="PrefillProduct.Run"/>
    [Kernel(threads: 256)]
    public static void Int8PrefillProduct(ProductArguments arguments) => PrefillProduct.Run<Int8ProductWeights>(arguments);

    /// <inheritdoc cref="PrefillProduct.Run"/>
    [Kernel(threads: 256)]
    public static void E4M3PrefillProduct(ProductArguments arguments) => PrefillProduct.Run<E4M3ProductWeights>(arguments);

    /// <inheritdoc cref="PrefillProduct.Run"/>
    [Kernel(threads: 256)]
    public static void Int4PrefillProduct(ProductArguments arguments) => PrefillProduct.Run<Int4ProductWeights>(arguments);

    /// <inheritdoc cref="Float32Product.Run"/>
    [Kernel(threads: 128)]
    public static void Float32ProductOfFloat32(ProductArguments arguments) => Float32Product.Run<Float32ProductActivations>(arguments);

    /// <inheritdoc cref="Float32Product.Run"/>
    [Kernel(threads: 128)]
    public static void Float32ProductOfBf16(ProductArguments arguments) => Float32Product.Run<Bf16ProductActivations>(arguments);
}
