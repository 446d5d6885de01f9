using System.Reflection;

namespace HunyuanOrleans.TestSupport;

/// <summary>An implementation of an interface of which a test needs few members.</summary>
public class Stub : DispatchProxy
{
    private Func<MethodInfo, object?> _answer = null!;

    /// <summary>Creates one.</summary>
    /// <param name="answer">Returns the result of a call of the given method.</param>
    public static T Of<T>(Func<MethodInfo, object?> answer) where T : class
    {
        T stub = Create<T, Stub>();
        ((Stub)(object)stub)._answer = answer;
        return stub;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _answer(targetMethod!);
}
