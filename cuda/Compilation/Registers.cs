namespace HunyuanOrleans.Cuda.Compilation;

/// <summary>Two 32-bit registers.</summary>
internal struct Uint2
{
    public uint A;
    public uint B;
}

/// <summary>Four 32-bit registers: 16 bytes, or the weights of a lane in one tensor core product.</summary>
internal struct Uint4
{
    public uint A;
    public uint B;
    public uint C;
    public uint D;
}

/// <summary>Four float32 registers: the sums of a lane in one tensor core product.</summary>
internal struct Float4
{
    public float A;
    public float B;
    public float C;
    public float D;
}
