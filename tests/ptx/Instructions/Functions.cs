using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>A function of one value.</summary>
internal interface IUnary<T>
{
    static abstract T Apply(T a);
}

/// <summary>A function of two values.</summary>
internal interface IBinary<T>
{
    static abstract T Apply(T a, T b);
}

/// <summary>A function of two values that can take several at once.</summary>
internal interface IVectorBinary<T> : IBinary<T>
{
    static abstract Vector256<T> Apply(Vector256<T> a, Vector256<T> b);
}

/// <summary>A function of three values that can take several at once.</summary>
internal interface IVectorTernary<T>
{
    static abstract T Apply(T a, T b, T c);

    static abstract Vector256<T> Apply(Vector256<T> a, Vector256<T> b, Vector256<T> c);
}
