using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// Softmax weights of 16 query rows for the 32 positions of a block, as the first operands of tensor core products, and the factors that scale earlier
/// sums to the new maximum. A lane has rows lane / 4 (0) and lane / 4 + 8 (1).
/// </summary>
internal struct BlockWeights
{
    public Uint4 First;
    public Uint4 Second;
    public float Factor0;
    public float Factor1;
}
