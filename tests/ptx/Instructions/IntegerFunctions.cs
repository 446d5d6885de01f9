using System.Numerics;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Ptx.Instructions;

internal readonly struct Add<T> : IVectorBinary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => a + b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a + b;
}

internal readonly struct Subtract<T> : IVectorBinary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => a - b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a - b;
}

internal readonly struct MultiplyLow<T> : IVectorBinary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => a * b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a * b;
}

internal readonly struct MultiplyAddLow<T> : IVectorTernary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b, T c) => (a * b) + c;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b, Vector256<T> c) => (a * b) + c;
}

internal readonly struct Minimum<T> : IVectorBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a < b ? a : b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.Min(a, b);
}

internal readonly struct Maximum<T> : IVectorBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a > b ? a : b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.Max(a, b);
}

internal readonly struct And<T> : IVectorBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a & b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a & b;
}

internal readonly struct Or<T> : IVectorBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a | b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a | b;
}

internal readonly struct Xor<T> : IVectorBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a ^ b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a ^ b;
}

internal readonly struct Divide<T> : IBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    // The quotient of the smallest number and -1 does not fit: C# throws, PTX lets it wrap.
    public static T Apply(T a, T b) => T.IsNegative(b) && b == -T.One ? -a : a / b;
}

internal readonly struct Remainder<T> : IBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => T.IsNegative(b) && b == -T.One ? T.Zero : a % b;
}

internal readonly struct Negate<T> : IUnary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a) => -a;
}

internal readonly struct Absolute<T> : IUnary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a) => T.IsNegative(a) ? -a : a;
}

internal readonly struct Not<T> : IUnary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a) => ~a;
}

/// <summary>Reverses the order of the bits.</summary>
internal readonly struct Reverse<T> : IUnary<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    public static T Apply(T a)
    {
        T result = T.Zero;
        for (int i = 0; i < int.CreateTruncating(T.PopCount(T.MaxValue)); i++)
        {
            result = (result << 1) | (a & T.One);
            a >>>= 1;
        }

        return result;
    }
}
