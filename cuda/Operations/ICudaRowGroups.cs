using HunyuanOrleans.Cuda.Products;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>Rows of experts, as products take them.</summary>
internal interface ICudaRowGroups
{
    /// <summary>Number of experts, and the rows of each in device memory.</summary>
    (int Experts, ProductTokens Tokens) Ranges { get; }
}
