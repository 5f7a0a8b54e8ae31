using System.Reflection;
using System.Reflection.Emit;

namespace ColdPages.Tests;

/// <summary>
/// A scan takes no lock: nothing that a pass can reach in the library calls what could. It follows the calls in the compiled code; what the runtime does behind
/// its own methods (collections, spans, an object pool that needs none) is not followed.
/// </summary>
public sealed class IdleBitmapLockTests
{
    private static readonly OpCode[] s_oneByte = new OpCode[256];
    private static readonly OpCode[] s_twoBytes = new OpCode[256];

    static IdleBitmapLockTests()
    {
        foreach (FieldInfo field in typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            OpCode code = (OpCode)field.GetValue(null)!;
            ((code.Value & 0xff00) == 0 ? s_oneByte : s_twoBytes)[code.Value & 0xff] = code;
        }
    }

    [Fact]
    public void No_lock_is_within_reach_of_a_pass()
    {
        HashSet<MethodBase> reached = Reach(Method(typeof(IdleBitmapSource), nameof(IdleBitmapSource.Pass)), Method(typeof(MemcgTree), nameof(MemcgTree.Refresh)));
        Assert.DoesNotContain(reached, IsLock);

        // It has looked where the work is done, through calls, virtual calls, lambdas and generic methods.
        Assert.Contains(Method(typeof(IdleBlockScan), nameof(IdleBlockScan.Scan)), reached);
        Assert.Contains(Method(typeof(LinuxFiles), nameof(LinuxFiles.Read)), reached);
        Assert.Contains(Method(typeof(PageAges), nameof(PageAges.TryAdd)), reached);
        Assert.Contains(reached, static method => method.Name == nameof(LibC.PRead));
    }

    [Fact]
    public void A_lock_would_be_found() =>
        Assert.Contains(Reach(Method(typeof(ColdPageTracker), nameof(ColdPageTracker.Scan))), IsLock);

    private static bool IsLock(MethodBase method) =>
        method.MethodImplementationFlags.HasFlag(MethodImplAttributes.Synchronized)
        || (method.DeclaringType is { Namespace: "System.Threading" or "System.Threading.Tasks" } type && type != typeof(Interlocked) && type != typeof(Volatile)
            && type != typeof(CancellationToken));

    private static MethodBase Method(Type type, string name) =>
        type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly).Single(method => method.Name == name && !method.IsPrivate);

    private static HashSet<MethodBase> Reach(params MethodBase[] entries)
    {
        Assembly library = typeof(IdleBitmapSource).Assembly;
        MethodBase[] all = [.. library.GetTypes().SelectMany(AllOf)];
        HashSet<MethodBase> reached = [];
        Stack<MethodBase> open = new(entries);
        while (open.TryPop(out MethodBase? method))
        {
            if (!reached.Add(method) || method.DeclaringType?.Assembly != library)
                continue;
            foreach (MethodBase called in Calls(method))
                open.Push(called);

            // Whoever overrides or implements it may be the one that is called.
            if (method is MethodInfo { IsVirtual: true } && method.DeclaringType is { } declaring)
            {
                foreach (MethodBase candidate in all)
                {
                    if ((candidate.Name == method.Name || candidate.Name.EndsWith($".{method.Name}", StringComparison.Ordinal)) && candidate.DeclaringType!.IsAssignableTo(declaring))
                        open.Push(candidate);
                }
            }
        }

        return reached;
    }

    private static IEnumerable<MethodBase> AllOf(Type type)
    {
        const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        return [.. type.GetMethods(Any), .. type.GetConstructors(Any)];
    }

    private static List<MethodBase> Calls(MethodBase method)
    {
        List<MethodBase> calls = [];
        byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        Type[] ofType = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : [];
        Type[] ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : [];
        for (int at = 0; at < code.Length;)
        {
            OpCode op = code[at] == 0xfe ? s_twoBytes[code[at + 1]] : s_oneByte[code[at]];
            at += op.Size;
            if (op.OperandType is OperandType.InlineMethod or OperandType.InlineTok
                && method.Module.ResolveMember(BitConverter.ToInt32(code, at), ofType, ofMethod) is MethodBase called)
                calls.Add(Definition(called));
            at += op.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }

        return calls;
    }

    // As it is written, whatever types it is used with.
    private static MethodBase Definition(MethodBase method)
    {
        if (method is MethodInfo { IsGenericMethod: true } generic)
            method = generic.GetGenericMethodDefinition();
        return method.DeclaringType is { IsConstructedGenericType: true } type
            ? MethodBase.GetMethodFromHandle(method.MethodHandle, type.GetGenericTypeDefinition().TypeHandle) ?? method
            : method;
    }
}
