using ILGPU.IR.Intrinsics;

namespace HunyuanOrleans.Cuda.Compilation;

/// <summary>
/// The instructions that kernels use beyond the arithmetic of integers. Each method is one instruction of NVIDIA's PTX ISA, so that nothing is left
/// to the assembler: float32 arithmetic names its rounding and cannot be contracted. Addresses of global memory are 64 bits wide, those of shared
/// memory 32 bits, both in bytes; an access of n bytes must be aligned to n bytes.
/// </summary>
internal static class Ptx
{
    /// <summary>Name of the shared memory whose size a launch decides.</summary>
    public const string SharedName = "dynamic_shared";

    [IntrinsicImplementation, Ptx("mov.u32 $0, %tid.x;")]
    public static int Thread() => throw OnCpu();

    [IntrinsicImplementation, Ptx("mov.u32 $0, %ctaid.x;")]
    public static int BlockX() => throw OnCpu();

    [IntrinsicImplementation, Ptx("mov.u32 $0, %ctaid.y;")]
    public static int BlockY() => throw OnCpu();

    [IntrinsicImplementation, Ptx("mov.u32 $0, %ctaid.z;")]
    public static int BlockZ() => throw OnCpu();

    [IntrinsicImplementation, Ptx("mov.u32 $0, %nctaid.x;")]
    public static int GridX() => throw OnCpu();

    [IntrinsicImplementation, Ptx("mov.u32 $0, %nctaid.y;")]
    public static int GridY() => throw OnCpu();

    [IntrinsicImplementation, Ptx("mov.u32 $0, %ntid.x;")]
    public static int BlockThreads() => throw OnCpu();

    /// <summary>Waits for all threads of the block.</summary>
    [IntrinsicImplementation, Ptx("bar.sync 0;")]
    public static void Barrier() => throw OnCpu();

    /// <summary>Waits for all threads of the warp.</summary>
    [IntrinsicImplementation, Ptx("bar.warp.sync 0xffffffff;")]
    public static void WarpBarrier() => throw OnCpu();

    /// <summary>Address of the shared memory of the launch.</summary>
    [IntrinsicImplementation, Ptx("mov.u32 $0, " + SharedName + ";")]
    public static uint Shared() => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.global.u16 $0, [$1];")]
    public static uint LoadShort(ulong address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.global.u32 $0, [$1];")]
    public static uint LoadUint(ulong address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.global.s32 $0, [$1];")]
    public static int LoadInt(ulong address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.global.u64 $0, [$1];")]
    public static ulong LoadUlong(ulong address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.global.f32 $0, [$1];")]
    public static float LoadFloat(ulong address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.global.v2.u32 {$0.0, $0.1}, [$1];")]
    public static Uint2 LoadUint2(ulong address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.global.v4.u32 {$0.0, $0.1, $0.2, $0.3}, [$1];")]
    public static Uint4 LoadUint4(ulong address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.global.v4.f32 {$0.0, $0.1, $0.2, $0.3}, [$1];")]
    public static Float4 LoadFloat4(ulong address) => throw OnCpu();

    /// <summary>Loads 16 bytes that nothing writes during the kernel and that are read once, such as weights: they pass by the first-level cache.</summary>
    [IntrinsicImplementation, Ptx("ld.global.nc.L1::no_allocate.v4.u32 {$0.0, $0.1, $0.2, $0.3}, [$1];")]
    public static Uint4 LoadStream(ulong address) => throw OnCpu();

    /// <summary>Starts to bring the 128 bytes around an address into the second-level cache.</summary>
    [IntrinsicImplementation, Ptx("prefetch.global.L2 [$1];")]
    public static void Prefetch(ulong address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.global.u8 [$1], $2;")]
    public static void StoreByte(ulong address, uint value) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.global.u16 [$1], $2;")]
    public static void StoreShort(ulong address, uint value) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.global.u32 [$1], $2;")]
    public static void StoreUint(ulong address, uint value) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.global.s32 [$1], $2;")]
    public static void StoreInt(ulong address, int value) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.global.f32 [$1], $2;")]
    public static void StoreFloat(ulong address, float value) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.global.u64 [$1], $2;")]
    public static void StoreUlong(ulong address, ulong value) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.global.v2.u32 [$1], {$2.0, $2.1};")]
    public static void StoreUint2(ulong address, Uint2 value) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.global.v4.u32 [$1], {$2.0, $2.1, $2.2, $2.3};")]
    public static void StoreUint4(ulong address, Uint4 value) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.global.v4.f32 [$1], {$2.0, $2.1, $2.2, $2.3};")]
    public static void StoreFloat4(ulong address, Float4 value) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.shared.u32 $0, [$1];")]
    public static uint LoadSharedUint(uint address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.shared.s32 $0, [$1];")]
    public static int LoadSharedInt(uint address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.shared.f32 $0, [$1];")]
    public static float LoadSharedFloat(uint address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.shared.u64 $0, [$1];")]
    public static ulong LoadSharedUlong(uint address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.shared.v2.u32 {$0.0, $0.1}, [$1];")]
    public static Uint2 LoadSharedUint2(uint address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.shared.v4.u32 {$0.0, $0.1, $0.2, $0.3}, [$1];")]
    public static Uint4 LoadSharedUint4(uint address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("ld.shared.v4.f32 {$0.0, $0.1, $0.2, $0.3}, [$1];")]
    public static Float4 LoadSharedFloat4(uint address) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.shared.s32 [$1], $2;")]
    public static void StoreSharedInt(uint address, int value) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.shared.f32 [$1], $2;")]
    public static void StoreSharedFloat(uint address, float value) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.shared.u64 [$1], $2;")]
    public static void StoreSharedUlong(uint address, ulong value) => throw OnCpu();

    [IntrinsicImplementation, Ptx("st.shared.v4.f32 [$1], {$2.0, $2.1, $2.2, $2.3};")]
    public static void StoreSharedFloat4(uint address, Float4 value) => throw OnCpu();

    /// <summary>Starts copying 16 bytes from global to shared memory. Without <paramref name="bytes"/> = 16, the rest becomes zero.</summary>
    [IntrinsicImplementation, Ptx("cp.async.cg.shared.global [$1], [$2], 16, $3;")]
    public static void CopyAsync(uint shared, ulong global, int bytes) => throw OnCpu();

    /// <summary>Makes the copies started since the last call a group.</summary>
    [IntrinsicImplementation, Ptx("cp.async.commit_group;")]
    public static void CommitCopies() => throw OnCpu();

    /// <summary>Waits until all groups of copies of this thread are done.</summary>
    [IntrinsicImplementation, Ptx("cp.async.wait_group 0;")]
    public static void WaitForCopies() => throw OnCpu();

    /// <summary>Waits until at most two groups of copies of this thread are not done.</summary>
    [IntrinsicImplementation, Ptx("cp.async.wait_group 2;")]
    public static void WaitForAllCopiesButTwo() => throw OnCpu();

    /// <summary>Waits until at most four groups of copies of this thread are not done.</summary>
    [IntrinsicImplementation, Ptx("cp.async.wait_group 4;")]
    public static void WaitForAllCopiesButFour() => throw OnCpu();

    /// <summary>
    /// Adds the product of a [16, 16] tile of bf16 weights and a [16, 8] tile of bf16 tokens to a [16, 8] tile of float32 sums. With g = lane / 4 and
    /// t = lane % 4, a lane holds of the weights rows g and g + 8 at columns 2t, 2t + 1 (A: row g; B: row g + 8) and 2t + 8, 2t + 9 (C: row g; D: row
    /// g + 8); of the tokens rows 2t, 2t + 1 (first register) and 2t + 8, 2t + 9 (second) of column g; of the sums row g at columns 2t, 2t + 1 (A, B)
    /// and row g + 8 at the same columns (C, D). The lower half of a register is the lower index.
    /// </summary>
    [IntrinsicImplementation, Ptx(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {$0.0, $0.1, $0.2, $0.3}, {$1.0, $1.1, $1.2, $1.3}, {$2, $3}, {$4.0, $4.1, $4.2, $4.3};")]
    public static Float4 Multiply(Uint4 weights, uint tokens0, uint tokens1, Float4 sums) => throw OnCpu();

    [IntrinsicImplementation, Ptx("add.rn.f32 $0, $1, $2;")]
    public static float Add(float a, float b) => throw OnCpu();

    [IntrinsicImplementation, Ptx("sub.rn.f32 $0, $1, $2;")]
    public static float Subtract(float a, float b) => throw OnCpu();

    [IntrinsicImplementation, Ptx("mul.rn.f32 $0, $1, $2;")]
    public static float Multiply(float a, float b) => throw OnCpu();

    /// <summary>a * b + c, rounded once.</summary>
    [IntrinsicImplementation, Ptx("fma.rn.f32 $0, $1, $2, $3;")]
    public static float MultiplyAdd(float a, float b, float c) => throw OnCpu();

    [IntrinsicImplementation, Ptx("div.rn.f32 $0, $1, $2;")]
    public static float Divide(float a, float b) => throw OnCpu();

    [IntrinsicImplementation, Ptx("sqrt.rn.f32 $0, $1;")]
    public static float Sqrt(float a) => throw OnCpu();

    [IntrinsicImplementation, Ptx("max.f32 $0, $1, $2;")]
    public static float Max(float a, float b) => throw OnCpu();

    [IntrinsicImplementation, Ptx("min.f32 $0, $1, $2;")]
    public static float Min(float a, float b) => throw OnCpu();

    [IntrinsicImplementation, Ptx("mov.b32 $0, $1;")]
    public static uint BitsOf(float a) => throw OnCpu();

    [IntrinsicImplementation, Ptx("mov.b32 $0, $1;")]
    public static float FromBits(uint bits) => throw OnCpu();

    /// <summary>Rounds to the nearest integer, ties to even.</summary>
    [IntrinsicImplementation, Ptx("cvt.rni.s32.f32 $0, $1;")]
    public static int Round(float a) => throw OnCpu();

    [IntrinsicImplementation, Ptx("cvt.rn.f32.s32 $0, $1;")]
    public static float ToFloat(int a) => throw OnCpu();

    /// <summary>Rounds two values to bf16, the first into the lower half.</summary>
    [IntrinsicImplementation, Ptx("cvt.rn.bf16x2.f32 $0, $2, $1;")]
    public static uint ToBf16Pair(float low, float high) => throw OnCpu();

    /// <summary>The value of float16 bits.</summary>
    [IntrinsicImplementation, Ptx("cvt.f32.f16 $0, $1;")]
    public static float FromHalf(ushort bits) => throw OnCpu();

    /// <summary>a * b + c for two bf16 values, each rounded once.</summary>
    [IntrinsicImplementation, Ptx("fma.rn.bf16x2 $0, $1, $2, $3;")]
    public static uint MultiplyAddBf16Pair(uint a, uint b, uint c) => throw OnCpu();

    /// <summary>Number of bits that are set.</summary>
    [IntrinsicImplementation, Ptx("popc.b32 $0, $1;")]
    public static int PopCount(uint bits) => throw OnCpu();

    /// <summary>Chooses four of the eight bytes of b:a by the lower four digits of <paramref name="selector"/>.</summary>
    [IntrinsicImplementation, Ptx("prmt.b32 $0, $1, $2, $3;")]
    public static uint Permute(uint a, uint b, uint selector) => throw OnCpu();

    /// <summary>The value of the lane whose number differs by exclusive or with <paramref name="mask"/>. All lanes of the warp must take part.</summary>
    [IntrinsicImplementation, Ptx("shfl.sync.bfly.b32 $0, $1, $2, 31, 0xffffffff;")]
    public static float ShuffleXor(float value, int mask) => throw OnCpu();

    /// <inheritdoc cref="ShuffleXor(float, int)"/>
    [IntrinsicImplementation, Ptx("shfl.sync.bfly.b32 $0, $1, $2, 31, 0xffffffff;")]
    public static uint ShuffleXor(uint value, int mask) => throw OnCpu();

    /// <summary>The value of a lane. All lanes of the warp must take part.</summary>
    [IntrinsicImplementation, Ptx("shfl.sync.idx.b32 $0, $1, $2, 31, 0xffffffff;")]
    public static uint ShuffleFrom(uint value, int lane) => throw OnCpu();

    /// <inheritdoc cref="ShuffleFrom(uint, int)"/>
    [IntrinsicImplementation, Ptx("shfl.sync.idx.b32 $0, $1, $2, 31, 0xffffffff;")]
    public static float ShuffleFrom(float value, int lane) => throw OnCpu();

    private static NotSupportedException OnCpu() => new("Kernels do not run on the CPU.");
}
